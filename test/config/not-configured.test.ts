import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { ACCESS_KEY, createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

/** Every value is wrong in its own way, and none may be said. */
const WRONG = {
  AUTH_MODE: "team",
  ACEDATACLOUD_API_TOKEN: "value-of token",
  GITHUB_CLIENT_ID: "value-of github id",
  GITHUB_CLIENT_SECRET: "value-of-github-secret\n",
  ALLOWED_GITHUB_USERS: "value-of@users",
  ALLOWED_EMAILS: "value-of-emails",
  SECRET_KEY: "value-of-secret-key",
  PUBLIC_URL: "value-of-url",
} satisfies Variables;
const MISPLACED = { AUTH_MODE: "passthrough" } satisfies Variables;

const PATHS = [
  "/",
  "/health",
  "/mcp",
  "/authorize?client_id=x",
  "/oauth/token",
  "/oauth/register",
  "/oauth/callback?code=x&state=y",
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-protected-resource/mcp",
  "/robots.txt",
];
const REQUESTS = PATHS.flatMap((path) => ["GET", "POST", "OPTIONS"].map((method) => ({ method, path })));

describe("a deployment that is not configured", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ variables: {} });
  });
  afterEach(() => world.end());
  const ask = async (method: string, path: string) => {
    const response = await world.fetch(path, { method, headers: { authorization: `Bearer ${ACCESS_KEY}` } });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };

  it.each(REQUESTS)("says so to $method $path, with every problem and no value", async ({ method, path }) => {
    world.deploy(WRONG);
    const wrong = await ask(method, path);
    expect([wrong.status, wrong.type]).toEqual([503, "text/plain; charset=utf-8"]);
    for (const name of Object.keys(WRONG).filter((name) => name !== "AUTH_MODE"))
      expect(wrong.text).toMatch(new RegExp(`^- ${name} `, "m"));
    expect(wrong.text).not.toMatch(/value-of/);
  });

  it("names the secrets that are in the wrong place, and keeps them", async () => {
    world.deploy(MISPLACED);
    const { status, text } = await ask("GET", "/");
    expect(status).toBe(503);
    expect(text).toMatch(/^- ACEDATACLOUD_API_TOKEN .*\n- MCP_ACCESS_KEY /m);
    expect(text).not.toContain(ACCESS_KEY);
    expect(text).not.toContain(UPSTREAM_TOKEN);
  });

  it("serves as soon as it is configured, and no longer than that, in an isolate that goes on", async () => {
    world.deploy(MISPLACED);
    expect(await ask("GET", "/health")).toMatchObject({ status: 503 });
    world.deploy({ AUTH_MODE: undefined });
    const health = await ask("GET", "/health");
    expect([health.status, JSON.parse(health.text)]).toEqual([
      200,
      expect.objectContaining({ mode: "personal" }),
    ]);
    world.deploy({ MCP_ACCESS_KEY: undefined });
    expect(await ask("POST", "/mcp")).toMatchObject({
      status: 503,
      text: expect.stringContaining("MCP_ACCESS_KEY"),
    });
  });
});
