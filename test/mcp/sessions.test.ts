import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_SESSIONS } from "../../src/mcp/session-store.ts";
import { TOOL_NAMES } from "../../src/tools/registry.ts";
import { connectLegacy } from "../clients.ts";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";

const DAY_MS = 86_400_000;

describe("sessions of 2025-era clients", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  const send = (method: string, body: object | undefined, headers: Record<string, string> = {}) =>
    world.fetch("/mcp", {
      method,
      headers: {
        authorization: `Bearer ${ACCESS_KEY}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  const initialize = async (protocolVersion = "2025-11-25") => {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: "t", version: "1" } };
    const response = await send("POST", { jsonrpc: "2.0", id: 1, method: "initialize", params });
    const text = await response.text();
    return { status: response.status, sessionId: response.headers.get("mcp-session-id") ?? "", text };
  };
  const ping = async (sessionId: string) => {
    const response = await send(
      "POST",
      { jsonrpc: "2.0", id: 2, method: "ping" },
      { "mcp-session-id": sessionId },
    );
    await response.text();
    return response.status;
  };

  it.each(["2025-11-25", "2025-06-18", "2025-03-26"])("speak %s", async (version) => {
    const { status, text, sessionId } = await initialize(version);
    expect(status).toBe(200);
    expect(text).toContain(`"protocolVersion":"${version}"`);
    expect(sessionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ping(sessionId)).toBe(200);
  });

  it("offer the newest of their generation to a client that asks for an unknown version", async () => {
    expect((await initialize("2024-01-01")).text).toContain('"protocolVersion":"2025-11-25"');
  });

  it("are answered when a call that waits is cancelled, so that nothing stays open", async () => {
    const { sessionId } = await initialize();
    const session = { "mcp-session-id": sessionId, "mcp-protocol-version": "2025-11-25" };
    const call = (id: number, name: string, args: object) =>
      send("POST", { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } }, session);
    const made = await (await call(2, "veo_text_to_video", { prompt: "a heron" })).text();
    const [, taskId] = /"task_id":"([^"]+)"/.exec(made) ?? [];
    const waiting = call(3, "veo_get_task", { task_id: taskId, wait_seconds: 50 });
    await world.settle();
    const cancelled = await send(
      "POST",
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 3 } },
      session,
    );
    expect(cancelled.status).toBe(202);
    expect(await (await waiting).json()).toMatchObject({ id: 3, error: { message: "Request cancelled" } });
    // Cancelling what is over, or what never was, changes nothing.
    for (const requestId of [3, 99, "x"]) {
      const params = { requestId };
      const late = await send("POST", { jsonrpc: "2.0", method: "notifications/cancelled", params }, session);
      expect(late.status).toBe(202);
    }
    expect(await ping(sessionId)).toBe(200);
  });

  it("survive the object's hibernation, with what the client declared", async () => {
    const client = await world.until(connectLegacy(world));
    await world.evict();
    expect((await client.callTool("veo_list_models")).structuredContent).toBeDefined();
    await world.evict();
    expect((await client.listTools()).tools).toHaveLength(TOOL_NAMES.length);
  });

  it("end with DELETE, and do not rise again after hibernation", async () => {
    const { sessionId } = await initialize();
    expect((await send("DELETE", undefined, { "mcp-session-id": sessionId })).status).toBe(200);
    expect(await ping(sessionId)).toBe(404);
    await world.evict();
    expect(await ping(sessionId)).toBe(404);
  });

  it("that never were are 404, and a request without one is 400", async () => {
    expect(await ping("11111111-1111-4111-8111-111111111111")).toBe(404);
    const response = await send("POST", { jsonrpc: "2.0", id: 2, method: "tools/list" });
    expect(response.status).toBe(400);
  });

  it("expire after 30 days unused, and not while they are used", async () => {
    const { sessionId } = await initialize();
    await world.advance(20 * DAY_MS);
    expect(await ping(sessionId)).toBe(200);
    await world.advance(20 * DAY_MS);
    expect(await ping(sessionId)).toBe(200);
    await world.advance(31 * DAY_MS);
    expect(await ping(sessionId)).toBe(404);
  });

  it(`are at most ${MAX_SESSIONS}: one more ends the one unused for longest`, async () => {
    const first = await initialize();
    await world.advance(1000);
    const second = await initialize();
    await world.advance(1000);
    for (let count = 3; count <= MAX_SESSIONS; count += 1) {
      await world.inObject((_, { storage }) => {
        storage.sql.exec(
          "INSERT INTO session (session_id, state, seen_at_ms) VALUES (?, '{\"initialized\":true}', ?)",
          `filler-${count}`,
          Date.now() + 1000,
        );
      });
    }
    expect(await ping(first.sessionId)).toBe(200);
    const last = await initialize();
    expect(await ping(first.sessionId)).toBe(404);
    expect(await ping(second.sessionId)).toBe(200);
    expect(await ping(last.sessionId)).toBe(200);
    expect(
      await world.inObject((_, { storage }) => storage.sql.exec("SELECT * FROM session").toArray().length),
    ).toBe(MAX_SESSIONS);
  });

  it("may be more than are kept in memory", async () => {
    const opened = [];
    for (let count = 0; count < 40; count += 1) opened.push(await initialize());
    for (const { sessionId } of opened) expect(await ping(sessionId)).toBe(200);
  });
});
