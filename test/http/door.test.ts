import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../../src/http/body.ts";
import { handle } from "../../src/http/worker.ts";
import { ACCESS_KEY, createWorld, ORIGIN, UPSTREAM_TOKEN, type World } from "../world.ts";

const LIST = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};
const HEADERS = {
  authorization: `Bearer ${ACCESS_KEY}`,
  accept: "application/json, text/event-stream",
  "content-type": "application/json",
};

describe("the door of /mcp", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  /** A request to the Worker with other variables than the tests' own. */
  const withVariables = (
    variables: Record<string, string | undefined>,
    path = "/mcp",
    init: RequestInit = {},
    origin = ORIGIN,
  ) => handle(new Request(new URL(path, origin), init), { ...env, ...variables }, createExecutionContext());
  const post = (headers: Record<string, string | null> = {}, body: BodyInit = JSON.stringify(LIST)) => {
    const sent = Object.entries({ ...HEADERS, ...headers }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    );
    return world.fetch("/mcp", { method: "POST", headers: sent, body });
  };
  const statusOf = async (response: Promise<Response> | Response) => {
    const answered = await response;
    await answered.text();
    return answered.status;
  };

  it("opens to the access key", async () => expect(await statusOf(post())).toBe(200));

  it.each([
    ["no key", null],
    ["a wrong key", "Bearer 0000000000000000000000"],
    ["a shorter key", `Bearer ${ACCESS_KEY.slice(0, -1)}`],
    ["a longer key", `Bearer ${ACCESS_KEY}0`],
    ["the upstream's token", `Bearer ${UPSTREAM_TOKEN}`],
    ["another scheme", `Basic ${btoa(`x:${ACCESS_KEY}`)}`],
    ["two keys", `Bearer ${ACCESS_KEY} ${ACCESS_KEY}`],
    ["10 KB", `Bearer ${"a".repeat(10_240)}`],
  ])("stays shut to %s, with a challenge", async (_what, authorization) => {
    const response = await post({ authorization });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(
      /^Bearer realm="OAuth", resource_metadata="https:\/\/veo\.test\/\.well-known\/oauth-protected-resource\/mcp",( error="invalid_token",)? scope="veo"$/,
    );
    expect(await response.text()).not.toContain(ACCESS_KEY);
  });

  it.each([
    "https://evil.test",
    "null",
    "https://veo.test.evil.test",
    "http://veo.test",
    "http://localhost:8787",
  ])("is shut to pages of %s", async (origin) => expect(await statusOf(post({ origin }))).toBe(403));

  it("is open to its own pages, and to those that are allowed, and says so to nobody else", async () => {
    const own = await post({ origin: ORIGIN });
    expect(own.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(own.headers.get("access-control-expose-headers")).toBe("mcp-session-id, www-authenticate");
    await own.text();
    const none = await post();
    expect(none.headers.get("access-control-allow-origin")).toBeNull();
    await none.text();
    const options = { method: "OPTIONS", headers: { origin: "https://app.test" } };
    const allowed = await withVariables(
      { ALLOWED_ORIGINS: "https://other.test, https://app.test" },
      "/mcp",
      options,
    );
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.test");
    expect(allowed.headers.get("access-control-allow-headers")).toContain("mcp-session-id");
    expect(await statusOf(withVariables({}, "/mcp", options))).toBe(403);
  });

  it("lets any loopback page in when it is served on loopback", async () => {
    const options = { method: "OPTIONS", headers: { origin: "http://localhost:6274" } };
    expect(await statusOf(withVariables({}, "/mcp", options, "http://127.0.0.1:8787"))).toBe(204);
  });

  it("is not there under another host", async () => {
    expect(await statusOf(withVariables({}, "/mcp", {}, "http://rebound.test:8787"))).toBe(421);
    const pinned = { PUBLIC_URL: "https://veo.example" };
    expect(await statusOf(withVariables(pinned, "/health"))).toBe(421);
    expect(await statusOf(withVariables(pinned, "/health", {}, "https://veo.example"))).toBe(200);
    expect(await statusOf(withVariables(pinned, "/health", {}, "http://127.0.0.1:8787"))).toBe(421);
  });

  it.each([
    ["not JSON", "{", 400],
    ["empty", "", 400],
    ["cut off", JSON.stringify(LIST).slice(0, -3), 400],
    ["a number", "7", 400],
    ["null", "null", 400],
    ["an empty batch", "[]", 400],
    ["another protocol", '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400],
    ["without a method", '{"jsonrpc":"2.0","id":1}', 400],
    ["nested ten thousand deep", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, 400],
  ])("refuses a body that is %s", async (_what, body, status) => {
    expect(await statusOf(post({}, body))).toBe(status);
  });

  it("refuses a body that is not said to be JSON", async () => {
    expect(await statusOf(post({ "content-type": "text/plain" }))).toBe(415);
  });

  it("counts a body that does not say how long it is", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        if (sent > 8 * MAX_BODY_BYTES) controller.close();
        else controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    expect(await statusOf(post({}, endless))).toBe(413);
    expect(sent).toBeLessThan(3 * MAX_BODY_BYTES);
    expect(await statusOf(post({}, " ".repeat(MAX_BODY_BYTES + 1)))).toBe(413);
  });

  it.each(["PUT", "PATCH", "HEAD"])("does not know %s", async (method) => {
    expect(
      await statusOf(world.fetch("/mcp", { method, headers: { authorization: HEADERS.authorization } })),
    ).toBe(405);
  });

  it("cannot be told who asks by a header", async () => {
    for (const name of ["x-caller", "x-account", "x-agents-lifecycle-props", "x-partykit-room", "cf-account"])
      expect(await statusOf(post({ [name]: '{"account":"other","ownsToken":true}' }))).toBe(200);
    const ids = await world.inObject((agent) => agent.name);
    expect(ids).toBe("owner");
  });

  it.each([
    "/agents/veo-agent/owner",
    "/agents/VEO_AGENT/owner",
    "/mcp/sub/veo-agent/x",
    "/sub/veo-agent/x",

    "/.well-known/oauth-protected-resource",
    "/admin",
  ])("has no way past it: %s is 404", async (path) => {
    const response = await world.fetch(path, { headers: HEADERS });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "not_found" });
  });

  it("says which mode is on at /health", async () => {
    expect(await (await world.fetch("/health")).json()).toMatchObject({ status: "ok", mode: "personal" });
  });

  it("tells every problem at once, by name and never by value, on every path, until the deployment is right", async () => {
    const broken = {
      ACEDATACLOUD_API_TOKEN: "",
      MCP_ACCESS_KEY: "too short!",
      VEO_DEFAULT_MODEL: "veo2",
      LOG_LEVEL: "loud",
    };
    for (const path of ["/", "/mcp", "/health", "/anything"]) {
      const response = await withVariables(broken, path);
      expect(response.status).toBe(503);
      const text = await response.text();
      for (const name of Object.keys(broken)) expect(text).toContain(name);
      expect(text).not.toContain("too short!");
      expect(text).toContain("npx wrangler secret put ACEDATACLOUD_API_TOKEN");
    }
  });
});
