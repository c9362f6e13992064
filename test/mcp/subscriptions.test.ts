import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_STREAMS } from "../../src/mcp/subscription-store.ts";
import { connectModern, type TestClient } from "../clients.ts";
import { ACCESS_KEY, createWorld, ORIGIN, type World } from "../world.ts";
import {
  type EventReader,
  expectSoon,
  expectStreams,
  openStreamingSession,
  openStreams,
  type StreamingSession,
} from "./event-reader.ts";

const MINUTE_MS = 60_000;
const uriOf = (id: string) => `veo://tasks/${id}`;
const updated = (uri: string) => ({
  jsonrpc: "2.0",
  method: "notifications/resources/updated",
  params: { uri },
});

describe("resources/subscribe and the GET stream of a session", () => {
  let world: World;
  let client: TestClient;
  let session: StreamingSession;
  beforeEach(async () => {
    world = createWorld();
    client = await world.until(connectModern(world));
    session = await openStreamingSession(world);
  });
  afterEach(() => world.end());

  /** Begins a video that is done when the test says so. */
  const make = async () => {
    const { structuredContent } = await world.until(
      client.callTool("veo_text_to_video", { prompt: "[never] a heron" }),
    );
    const taskId = String(structuredContent?.task_id);
    return {
      uri: uriOf(String(structuredContent?.submission_id)),
      uriByTask: uriOf(taskId),
      async finish() {
        world.simulator.finish(taskId);
        await world.advance(MINUTE_MS);
      },
    };
  };
  /** Lets so much time pass, without a look, that nothing which was sent can still be on its way. */
  const quiet = async () => {
    await world.settle();
    vi.setSystemTime(Date.now() + 30 * MINUTE_MS);
  };
  const subscriptions = () =>
    world.inObject((_, { storage }) => storage.sql.exec("SELECT * FROM subscription").toArray().length);
  /** Ends the session. @returns what was said on a stream of it that nobody has read. */
  const saidOn = async (...streams: EventReader[]) => {
    await session.end();
    return Promise.all(streams.map((stream) => stream.rest()));
  };
  const left = async (stream: EventReader) => {
    const before = await openStreams(world);
    await stream.leave();
    await expectStreams(world, before - 1);
  };

  it("announce what changes, under the ids that were subscribed to, and only until it is unsubscribed from", async () => {
    const watched = await make();
    const other = await make();
    const stream = await session.open();
    await session.subscribe(watched.uri, watched.uriByTask, watched.uri, other.uri, other.uriByTask);
    await session.ask("resources/unsubscribe", { uri: other.uri });
    await watched.finish();
    await session.ask("resources/unsubscribe", { uri: other.uriByTask });
    await session.ask("resources/unsubscribe", { uri: "veo://tasks/nobody's" });
    await other.finish();
    expect(await saidOn(stream)).toEqual([[updated(watched.uri), updated(watched.uriByTask)]]);
    expect(stream.comments()).toBeGreaterThan(0);
  });

  it("announce on an open stream what the alarm alone finds, with the object out of memory", async () => {
    const { uri } = await make();
    world.simulator.finish();
    await session.subscribe(uri);
    const stream = await session.open();
    const alarmMs = await world.inObject((agent, { storage }) => {
      Reflect.set(agent, "wasHere", true);
      return storage.getAlarm();
    });
    await world.evict();
    vi.setSystemTime(alarmMs ?? 0);
    expect(await runDurableObjectAlarm(env.VEO_AGENT.getByName("owner"))).toBe(true);
    expect(await stream.next()).toEqual(updated(uri));
    expect(await world.inObject((agent) => Reflect.has(agent, "wasHere"))).toBe(false);
    await stream.leave();
  });

  it("announce when it opens what changed since it was subscribed to, and when it reopens what changed meanwhile", async () => {
    const [first, second, third] = [await make(), await make(), await make()];
    await session.subscribe(first.uri, second.uri);
    await first.finish();
    const opened = await session.open();
    expect(await opened.next()).toEqual(updated(first.uri));
    await session.subscribe(third.uri);
    await quiet();
    await left(opened);
    await world.evict();
    await third.finish();
    await second.finish();
    await world.evict();
    await world.settle();
    const reopened = await session.open();
    expect([await reopened.next(), await reopened.next()]).toEqual([updated(third.uri), updated(second.uri)]);
    // Long after all of it was heard, nothing is said again.
    await quiet();
    await left(reopened);
    expect(await saidOn(await session.open())).toEqual([[]]);
  });

  it.each([
    ["a minute", MINUTE_MS],
    ["a quarter of an hour, as TCP goes on with a client that sleeps", 15 * MINUTE_MS],
  ])("say again what was sent into a stream that had died unnoticed for %s", async (_what, unnoticedMs) => {
    const { uri, finish } = await make();
    await session.subscribe(uri);
    const lost = await session.open();
    const notedMs = Date.now() + unnoticedMs;
    await finish();
    await world.advance(notedMs - Date.now());
    await left(lost);
    await quiet();
    expect(await saidOn(await session.open())).toEqual([[updated(uri)]]);
  });

  it("say it all again after the object died under the stream", async () => {
    const { uri, finish } = await make();
    await session.subscribe(uri);
    const stream = await session.open();
    await finish();
    await quiet();
    await world.crash();
    expect(await stream.rest()).toEqual([updated(uri)]);
    const again = await session.open();
    expect(await again.next()).toEqual(updated(uri));
    await quiet();
    await left(again);
    expect(await saidOn(await session.open())).toEqual([[]]);
  });

  it("say each thing on one of several streams: on the newest that is open", async () => {
    const [first, second] = [await make(), await make()];
    await session.subscribe(first.uri, second.uri);
    // In one and the same millisecond, and over an eviction.
    const [oldest, middle, newest] = [await session.open(), await session.open(), await session.open()];
    await world.evict();
    await first.finish();
    expect(await newest.next()).toEqual(updated(first.uri));
    await left(middle);
    await second.finish();
    expect(await saidOn(oldest, middle, newest)).toEqual([[], [], [updated(second.uri)]]);
  });

  it("go on with the one before when the newest goes, and say there what may have been lost", async () => {
    const [first, second, third] = [await make(), await make(), await make()];
    await session.subscribe(first.uri, second.uri, third.uri);
    const [older, newer] = [await session.open(), await session.open()];
    await first.finish();
    await quiet();
    await second.finish();
    await left(newer);
    expect(await older.next()).toEqual(updated(second.uri));
    await quiet();
    await third.finish();
    expect(await older.next()).toEqual(updated(third.uri));
    // Whoever opens another one before the old one is seen to be dead is told what that one may have lost.
    const newest = await session.open();
    expect(await newest.next()).toEqual(updated(third.uri));
    expect(await saidOn(older, newest)).toEqual([[], []]);
  });

  it("take streams that are asked for at the same moment, as reconnecting clients do", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => session.get()));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    await expectStreams(world, 8);
    await session.end();
    await Promise.all(answers.map((answer) => answer.text()));
  });

  it("reach every one of many sessions once, on its newest of several streams", async () => {
    const { uri, finish } = await make();
    const sessions = await Promise.all(
      Array.from({ length: MAX_STREAMS / 5 }, () => openStreamingSession(world)),
    );
    const streams = [];
    for (const one of sessions) {
      await one.subscribe(uri);
      for (let count = 0; count < 5; count += 1) streams.push(await one.open());
    }
    await expectStreams(world, MAX_STREAMS);
    await world.evict();
    await finish();
    for (const one of sessions) await one.end();
    const said = await Promise.all(streams.map((stream) => stream.rest()));
    expect(said).toEqual(said.map((_, index) => (index % 5 === 4 ? [updated(uri)] : [])));
    await expectStreams(world, 0);
    expect(await subscriptions()).toBe(0);
  });

  it("accept what never changes and what is not of this server, without effect", async () => {
    for (const uri of ["veo://models", "veo://guide", "test://watched-resource", "file:///etc/passwd"]) {
      expect(await session.ask("resources/subscribe", { uri })).toMatchObject({ result: {} });
      expect(await session.ask("resources/unsubscribe", { uri })).toMatchObject({ result: {} });
    }
    expect(await subscriptions()).toBe(0);
  });

  it("are what the SDK's client hears from, on the stream that it opens by itself", async () => {
    const heard: string[] = [];
    const listener = new Client(
      { name: "listener", version: "1" },
      { jsonSchemaValidator: new CfWorkerJsonSchemaValidator() },
    );
    listener.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    const transport = new StreamableHTTPClientTransport(new URL("/mcp", ORIGIN), {
      requestInit: { headers: { authorization: `Bearer ${ACCESS_KEY}` } },
      fetch: world.fetch,
    });
    // The SDK's own transport does not satisfy its own interface under exactOptionalPropertyTypes.
    await listener.connect(transport as Parameters<typeof listener.connect>[0]);
    await expectStreams(world, 1);
    const [watched, other] = [await make(), await make()];
    for (const uri of [watched.uri, watched.uriByTask, other.uri]) await listener.subscribeResource({ uri });
    await listener.unsubscribeResource({ uri: other.uri });
    await world.evict();
    await other.finish();
    await watched.finish();
    await expectSoon(world, () => heard.length === 2);
    expect(heard).toEqual([watched.uri, watched.uriByTask]);
    await transport.terminateSession();
    await listener.close();
    await expectStreams(world, 0);
  });
});
