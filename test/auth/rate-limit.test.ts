import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";
import { createBrowser } from "./browser.ts";
import { callMcp, registerClient, signIn } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const ADDRESS = "192.0.2.1";
const from = (address: string) => ({ "cf-connecting-ip": address });

describe("what one address may ask for in a minute", () => {
  let world: World;
  /** As the real binding counts, but for time: a minute has passed when a test forgets the counts. */
  const counts = new Map<string, number>();
  const limit = async ({ key }: { key: string }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { success: count <= 60 };
  };
  beforeEach(() => {
    counts.clear();
    world = createSignInWorld({ bindings: { AUTH_RATE_LIMIT: { limit } } });
  });
  afterEach(() => world.end());

  const statusOf = async (response: Promise<Response>) => {
    const answered = await response;
    await answered.text();
    return answered.status;
  };

  it.each([
    ["GET", "/authorize", 400],
    ["POST", "/authorize", 400],
    ["POST", "/oauth/token", 400],
    ["POST", "/oauth/register", 400],
    ["GET", "/oauth/callback", 404],
  ])("is 60 times %s %s, and then it has to wait", async (method, path, status) => {
    const ask = (address: string) =>
      world.fetch(path, {
        method,
        headers: { ...from(address), origin: "https://app.test", "x-forwarded-for": "203.0.113.9" },
      });
    for (let time = 0; time < 60; time += 1) expect(await statusOf(ask(ADDRESS))).not.toBe(429);
    const refused = await ask(ADDRESS);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    const isForPages = path === "/oauth/token" || path === "/oauth/register";
    const said = await refused.text();
    if (isForPages)
      expect(JSON.parse(said)).toEqual({
        error: "temporarily_unavailable",
        error_description: "Too many requests from this address",
      });
    else expect(said).toContain("Wait a minute, then start again from your app.");
    expect(refused.headers.get("access-control-allow-origin")).toBe(isForPages ? "https://app.test" : null);
    expect(await statusOf(ask("192.0.2.2"))).not.toBe(429);
    counts.clear();
    expect(await statusOf(ask(ADDRESS))).toBe(path === "/authorize" && method === "POST" ? 403 : status);
  });

  it.each(["/", "/health", "/.well-known/oauth-authorization-server", "/.well-known/x", "/nowhere"])(
    "is not counted where nothing can be guessed: %s",
    async (path) => {
      await statusOf(world.fetch(path, { headers: from(ADDRESS) }));
      await statusOf(world.fetch("/oauth/token", { method: "OPTIONS", headers: from(ADDRESS) }));
      expect([...counts]).toEqual([]);
    },
  );

  it("is 60 credentials at /mcp that nobody knows, and any number of those that are known", async () => {
    const client = await registerClient(world);
    const { access_token } = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    counts.clear();
    const ask = (authorization: string, address = ADDRESS) =>
      callMcp(world, "", "tools/list", {}, { authorization, ...from(address) });
    const wrong = [
      "Bearer wrong-key-0123456789",
      `Bearer ${access_token}x`,
      "Bearer a:b:c",
      "Basic eDp5",
      `Bearer ${"x".repeat(5000)}`,
    ];
    for (let time = 0; time < 60; time += 1)
      expect(await statusOf(ask(wrong[time % wrong.length] ?? ""))).toBe(401);
    for (const authorization of wrong) {
      const refused = await ask(authorization);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
      expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable" });
    }
    for (const token of [ACCESS_KEY, access_token])
      for (let time = 0; time < 3; time += 1) expect(await statusOf(ask(`Bearer ${token}`))).toBe(200);
    // Who brings nothing is told where to sign in, and has guessed nothing.
    const nothing = await world.fetch("/mcp", { method: "POST", headers: from(ADDRESS) });
    expect(nothing.status).toBe(401);
    expect(await statusOf(ask("Bearer wrong-key-0123456789", "192.0.2.2"))).toBe(401);
  });

  it.each([
    ["is missing", undefined],
    ["fails", { limit: () => Promise.reject(new Error("no limiter today")) }],
  ])("is not counted in a deployment whose binding %s", async (_what, binding) => {
    await world.end();
    world = createSignInWorld({ bindings: { AUTH_RATE_LIMIT: binding } });
    const client = await registerClient(world);
    const { access_token } = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    expect(await statusOf(callMcp(world, access_token))).toBe(200);
    for (let time = 0; time < 70; time += 1) expect(await statusOf(callMcp(world, "a:b:c"))).toBe(401);
  });
});

describe("the binding that is deployed", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("limits one address, and not its neighbour", async () => {
    const ask = async (address: string) => {
      const response = await world.fetch("/authorize", { headers: from(address) });
      await response.text();
      return response.status;
    };
    const statuses = new Set<number>();
    // It counts in real time, in windows of a minute: 61 of these are in one of two.
    for (let time = 0; time < 121 && !statuses.has(429); time += 1) statuses.add(await ask("192.0.2.77"));
    expect([...statuses]).toEqual([400, 429]);
    expect(await ask("192.0.2.78")).toBe(400);
  });
});
