import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectAsleep } from "../mcp/event-reader.ts";
import { ACCESS_KEY, createWorld, ORIGIN, type World } from "../world.ts";

describe("the endpoints of HTTP+SSE (2024-11-05)", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  const initialize = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: {} });
  it.each<[string, string, RequestInit]>([
    ["GET", "/sse", { headers: { accept: "text/event-stream" } }],
    ["GET", "/sse", { headers: { authorization: `Bearer ${ACCESS_KEY}` } }],
    ["POST", "/sse", { body: initialize, headers: { "content-type": "application/json" } }],
    ["POST", "/messages", { body: initialize, headers: { "content-type": "application/json" } }],
    ["POST", "/messages?session_id=0123456789abcdef", { body: initialize }],
    ["POST", "/messages", { body: initialize, headers: { authorization: "Bearer nobody" } }],
    ["GET", "/messages", {}],
    ["DELETE", "/sse", {}],
  ])("are gone, and say where to go instead: %s %s", async (method, path, init) => {
    const response = await world.fetch(path, { method, ...init });
    expect([response.status, await response.text()]).toEqual([
      410,
      `HTTP+SSE is retired: this server speaks Streamable HTTP at ${ORIGIN}/mcp\n`,
    ]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.has("www-authenticate")).toBe(false);
    await expectAsleep();
  });

  it.each(["/sse/", "/messages/", "/message", "/sse/x"])("were never at %s", async (path) => {
    expect((await world.fetch(path)).status).toBe(404);
  });
});
