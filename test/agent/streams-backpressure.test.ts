import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_BUFFERED_BYTES } from "../../src/http/event-stream.ts";
import { MAX_SUBSCRIPTIONS } from "../../src/mcp/subscription-store.ts";
import { connectModern, type TestClient } from "../clients.ts";
import { expectStreams, listen, openStreamingSession, type StreamMessage } from "../mcp/event-reader.ts";
import { createWorld, type World } from "../world.ts";

/** As long as a prompt may be, in a script whose characters take three bytes each. */
const LONG = "鷺".repeat(9000);

const bytesIn = (text: string): number => new TextEncoder().encode(text).byteLength;

describe("clients that read slowly, or not at all", () => {
  let world: World;
  let client: TestClient;
  /** What the object has sent into streams, in bytes. */
  let sentBytes: number;
  beforeEach(async () => {
    world = createWorld();
    client = await world.until(connectModern(world));
    sentBytes = 0;
    const { send } = WebSocket.prototype;
    vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (this: WebSocket, data) {
      const text = String(data);
      if (text.startsWith('{"method":"notifications/')) sentBytes += bytesIn(text);
      send.call(this, data);
    });
  });
  afterEach(() => world.end());

  const make = async (prompt: string) => {
    const { structuredContent } = await world.until(client.callTool("veo_text_to_video", { prompt }));
    return String(structuredContent?.submission_id);
  };
  /** Of whom it is noted that something changed, and that they may have to be told. */
  const waiting = () =>
    world.inObject((_, { storage }) =>
      storage.sql.exec("SELECT holder FROM subscription WHERE changed_at_ms NOT NULL").toArray(),
    );
  /** Copies a task, with ids of their own. @returns their ids. */
  const copies = async (submissionId: string, count: number) => {
    const ids = Array.from({ length: count }, (_, index) => `sub_${index.toString(16).padStart(32, "0")}`);
    await world.inObject((_, { storage: { sql } }) => {
      const [row] = sql.exec("SELECT * FROM task WHERE submission_id = ?", submissionId).toArray();
      const columns = Object.keys(row ?? {}).join(", ");
      const places = Object.keys(row ?? {}).map(() => "?");
      for (const [index, id] of ids.entries())
        sql.exec(
          `INSERT INTO task (${columns}) VALUES (${places.join(", ")})`,
          ...Object.values({
            ...row,
            position: Number(row?.position) + index + 1,
            submission_id: id,
            task_id: `task-of-${id}`,
          }),
        );
    });
    return ids;
  };

  it.each([
    ["short", "a heron"],
    ["long", `${LONG} a heron`],
  ])(
    "are told of 200 finished tasks with %s prompts as fast as they read, and of each once",
    async (_what, prompt) => {
      const submissionId = await make(prompt);
      await world.advance(90_000);
      const ids = await copies(submissionId, MAX_SUBSCRIPTIONS);
      const stream = await listen(world, { notifications: { taskIds: ids.toReversed() } });
      const told: unknown[] = [];
      let readBytes = 0;
      while (told.length < ids.length) {
        // The object may leave memory at any time, and never runs ahead of the reader.
        if (told.length % 50 === 0) {
          await world.settle();
          await world.evict();
        }
        expect(sentBytes - readBytes).toBeLessThan(MAX_BUFFERED_BYTES);
        const { method, params } = await stream.next();
        told.push(params?.taskId);
        readBytes += bytesIn(JSON.stringify({ method, params }));
      }
      expect(told).toEqual(ids);
      expect(await waiting()).toEqual([]);
      await stream.leave();
    },
  );

  it("hold up nobody else, and hear later, once, how everything stands that they did not read of", async () => {
    const ids = [];
    for (let index = 0; index < 12; index += 1) ids.push(await make(`${LONG} ${index}`));
    const notifications = { taskIds: ids, resourceSubscriptions: ids.map((id) => `veo://tasks/${id}`) };
    const idle = await listen(world, { id: "idle", notifications });
    const keen = await listen(world, { id: "keen", notifications });
    const session = await openStreamingSession(world);
    await session.subscribe(`veo://tasks/${ids[0]}`);
    const bystander = await session.open();
    const heard: StreamMessage[] = [];
    const hearing = (async () => {
      while (heard.length < 2 * ids.length) heard.push(await keen.next());
    })();
    await world.advance(90_000);
    await hearing;
    const completed = (messages: StreamMessage[]) =>
      messages.flatMap(({ params }) => (params?.status === "completed" ? [params.taskId] : [])).sort();
    const updated = (messages: StreamMessage[]) =>
      messages.flatMap(({ params }) => (params?.uri === undefined ? [] : [params.uri])).sort();
    expect(completed(heard)).toEqual(ids.toSorted());
    expect(updated(heard)).toEqual(notifications.resourceSubscriptions.toSorted());
    expect((await bystander.next()).method).toBe("notifications/resources/updated");
    // What waits for the idle one is in rows, and not in memory.
    await world.evict();
    const late: StreamMessage[] = [];
    while (late.length < 2 * ids.length) late.push(await idle.next());
    expect(completed(late)).toEqual(ids.toSorted());
    expect(updated(late)).toEqual(notifications.resourceSubscriptions.toSorted());
    await world.settle();
    expect(await waiting()).toEqual([{ holder: session.id }]);
  });

  it("are cut off on the stream of a session, which is told again what it missed", async () => {
    const uri = `veo://tasks/${await make("[never] a heron")}`;
    const session = await openStreamingSession(world);
    await session.subscribe(uri);
    const stream = await session.open();
    const message = JSON.stringify({ method: "notifications/resources/updated", params: { uri } });
    await world.inObject((_, state) => {
      for (let bytes = 0; bytes <= MAX_BUFFERED_BYTES; bytes += message.length)
        for (const socket of state.getWebSockets()) socket.send(message);
    });
    await expectStreams(world, 0);
    expect((await stream.rest()).length).toBeGreaterThan(1000);
    world.simulator.finish();
    await world.advance(60_000);
    expect((await (await session.open()).next()).params).toEqual({ uri });
  });
});
