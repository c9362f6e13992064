import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_SESSIONS, SESSION_UNUSED_MS } from "../../src/mcp/session-store.ts";
import { MAX_STREAMS, MAX_SUBSCRIPTIONS } from "../../src/mcp/subscription-store.ts";
import { connectModern } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import {
  expectStreams,
  listen,
  openStreamingSession,
  readEvents,
  type StreamingSession,
} from "./event-reader.ts";

describe("the GET stream of a session, and what it hears of", () => {
  let world: World;
  let session: StreamingSession;
  let uri: string;
  beforeEach(async () => {
    world = createWorld();
    const maker = await world.until(connectModern(world));
    const { structuredContent } = await world.until(
      maker.callTool("veo_text_to_video", { prompt: "[never] a heron" }),
    );
    uri = `veo://tasks/${structuredContent?.submission_id}`;
    session = await openStreamingSession(world);
  });
  afterEach(() => world.end());

  const subscriptions = () =>
    world.inObject((_, { storage }) =>
      storage.sql.exec("SELECT holder, topic FROM subscription ORDER BY topic").toArray(),
    );
  /** Has a session be unused for longer. */
  const age = (id: string, ms: number) =>
    world.inObject((_, { storage }) => {
      storage.sql.exec("UPDATE session SET seen_at_ms = seen_at_ms - ? WHERE session_id = ?", ms, id);
    });
  const fill = (table: "session" | "subscription", count: number) =>
    world.inObject((_, { storage }) => {
      for (let index = 0; index < count; index += 1)
        if (table === "session")
          storage.sql.exec(
            "INSERT INTO session (session_id, state, seen_at_ms) VALUES (?, '{\"initialized\":true}', ?)",
            `filler-${index}`,
            Date.now() + 1,
          );
        else
          storage.sql.exec(
            "INSERT INTO subscription (holder, topic) VALUES (?, ?)",
            session.id,
            `veo://tasks/filler-${index}`,
          );
    });

  it.each<[string, Record<string, string | undefined>, number, number]>([
    ["a request without a session", { "mcp-session-id": undefined }, 400, -32000],
    [
      "a request without anything",
      { "mcp-session-id": undefined, "mcp-protocol-version": undefined, accept: undefined },
      406,
      -32000,
    ],
    ["an empty session id", { "mcp-session-id": "" }, 404, -32001],
    ["a session that never was", { "mcp-session-id": crypto.randomUUID() }, 404, -32001],
    ["a session id that is none", { "mcp-session-id": "' OR 1=1 --" }, 404, -32001],
    ["a session id of eight kilobytes", { "mcp-session-id": "x".repeat(8192) }, 404, -32001],
    ["a holder that is a stream", { "mcp-session-id": `stream:${crypto.randomUUID()}` }, 404, -32001],
    ["who takes no stream", { accept: "application/json" }, 406, -32000],
    ["who takes anything, as a browser does", { accept: "*/*" }, 406, -32000],
    ["a version that there never was", { "mcp-protocol-version": "2024-01-01" }, 400, -32000],
    ["a version that is none", { "mcp-protocol-version": "latest" }, 400, -32000],
  ])("refuses %s", async (_what, headers, status, code) => {
    const refused = await session.get(headers);
    expect(refused.status).toBe(status);
    expect(await refused.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code } });
    await expectStreams(world, 0);
    // And goes on as before.
    const stream = await session.open();
    await expectStreams(world, 1);
    await stream.leave();
  });

  it("goes by the session alone, whatever events a client says it has seen", async () => {
    const stream = await readEvents(session.get({ "last-event-id": "1_of-another-session" }));
    await session.end();
    expect(await stream.rest()).toEqual([]);
  });

  it.each([
    "veo://tasks/nobody's",
    "veo://tasks/",
    "veo://tasks/a/b",
    "veo://",
    "veo://modelss",
    `veo://tasks/${"x".repeat(129)}`,
  ])("does not find %s", async (unknown) => {
    expect(await session.ask("resources/subscribe", { uri: unknown })).toMatchObject({
      error: { code: -32002, data: { uri: unknown } },
    });
    expect(await session.ask("resources/unsubscribe", { uri: unknown })).toMatchObject({ result: {} });
    expect(await subscriptions()).toEqual([]);
  });

  it.each([{}, { uri: 1 }, { uri: null }, { uri: ["veo://models"] }])(
    "refuses to be subscribed to %j",
    async (params) => {
      const answer = await session.ask("resources/subscribe", params);
      expect(answer).toMatchObject({ error: { code: expect.any(Number) } });
      expect(await subscriptions()).toEqual([]);
    },
  );

  it(`takes ${MAX_SUBSCRIPTIONS} subscriptions of a session, each once, and makes room for others`, async () => {
    await fill("subscription", MAX_SUBSCRIPTIONS - 1);
    await session.subscribe(uri, uri);
    const other = `veo://tasks/${await world.inObject(
      (_, { storage }) => storage.sql.exec<{ task_id: string }>("SELECT task_id FROM task").one().task_id,
    )}`;
    expect(await session.ask("resources/subscribe", { uri: other })).toMatchObject({
      error: { code: -32602, message: expect.stringContaining("at most 200 subscriptions: unsubscribe") },
    });
    // What takes no place is not counted, and neither are those of others.
    await session.subscribe("veo://models", "test://watched", uri);
    await (await openStreamingSession(world)).subscribe(other);
    await session.ask("resources/unsubscribe", { uri: "veo://tasks/filler-7" });
    await session.subscribe(other);
    expect(await subscriptions()).toHaveLength(MAX_SUBSCRIPTIONS + 1);
  });

  it(`is one of ${MAX_STREAMS} streams that an account may have, and one that closes makes room`, async () => {
    const streams = [];
    for (let count = 0; count < MAX_STREAMS; count += 1)
      streams.push(
        count % 2 === 0
          ? await session.open()
          : await listen(world, { notifications: { resourceSubscriptions: [uri] } }),
      );
    const refused = await session.get();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining("50 streams") } });
    const listening = listen(world, { id: 9, notifications: { resourceSubscriptions: [uri] } });
    await expect(listening).rejects.toThrow(/^not a stream: 200 .*"id":9,"error":.*-32603.*50 streams/);
    // What needs no place is answered all the same.
    await listen(world, { notifications: { resourceSubscriptions: ["veo://tasks/nobody's"] } });
    await world.evict();
    expect((await session.get()).status).toBe(429);
    await streams.pop()?.leave();
    await expectStreams(world, MAX_STREAMS - 1);
    const stream = await session.open();
    expect((await session.get()).status).toBe(429);
    await stream.leave();
  });

  const ways: [string, () => Promise<unknown>][] = [
    ["is ended with DELETE", () => session.end()],
    [
      `is the one unused for longest when the ${MAX_SESSIONS + 1}st opens`,
      async () => {
        await fill("session", MAX_SESSIONS - 1);
        await openStreamingSession(world);
      },
    ],
    [
      "has expired, once another opens",
      async () => {
        await age(session.id, SESSION_UNUSED_MS);
        await openStreamingSession(world);
      },
    ],
  ];
  it.each(ways)("ends, and is forgotten, with a session that %s", async (_what, end) => {
    await session.subscribe(uri);
    const listening = await listen(world, { notifications: { resourceSubscriptions: [uri] } });
    const bystander = await openStreamingSession(world);
    await bystander.subscribe(uri);
    const heard = await bystander.open();
    const streams = [await session.open(), await session.open()];
    await age(bystander.id, -1000);
    await end();
    for (const stream of streams) expect(await stream.rest()).toEqual([]);
    expect((await subscriptions()).filter(({ holder }) => holder === session.id)).toEqual([]);
    expect(await subscriptions()).toHaveLength(2);
    await expectStreams(world, 2);
    const refused = await session.get();
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: -32001 } }]);
    expect((await session.ask("resources/subscribe", { uri })).status).toBe(404);
    await bystander.end();
    expect(await heard.rest()).toEqual([]);
    await listening.leave();
  });
});
