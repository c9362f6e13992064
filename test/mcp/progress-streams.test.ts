import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_PARKED_PER_KEY } from "../../src/ledger/parking.ts";
import { createWorld, type World } from "../world.ts";
import {
  type Message,
  messagesOf,
  openSession,
  type RawSession,
  readAnswer,
  sendModern,
} from "./raw-request.ts";

const WAIT_MS = 50_000;
const STILL = { structuredContent: { state: "processing" } };
const call = (args: object, progressToken?: string | number) => ({
  name: "veo_get_task",
  arguments: args,
  ...(progressToken !== undefined && { _meta: { progressToken } }),
});
const tokensIn = (messages: readonly Message[]) => messages.map(({ params }) => params?.progressToken);

/** Reads the first message of a stream; the rest may be read, or left. */
async function begin(response: Response) {
  const messages = messagesOf(response);
  const first = (await messages.next()).value;
  return { first, rest: () => Array.fromAsync(messages), leave: () => messages.return(undefined) };
}

describe("progress on the wire", () => {
  let world: World;
  let session: RawSession;
  let taskId: unknown;
  beforeEach(async () => {
    world = createWorld({ generationMs: 3_600_000 });
    session = await openSession(world);
    const made = { name: "veo_text_to_video", arguments: { prompt: "a fox" } };
    const { result } = await session.ask("tools/call", made);
    taskId = Object(result?.structuredContent).task_id;
  });
  afterEach(() => world.end());

  const waiting = () => ({ task_id: taskId, wait_seconds: WAIT_MS / 1000 });
  const sendLegacy = (params: object, id = 7) =>
    session.send({ jsonrpc: "2.0", id, method: "tools/call", params });
  const sendsModern = (params: Record<string, unknown>, id = 7) =>
    sendModern(world, { method: "tools/call", params, id });
  /** Lets time pass until looks are rare: then a call that waits has a timer, and nothing else in the object has one. */
  const untilQuiet = async () => {
    // The latest look was at 12:05, and the timer of its deadline went off ten seconds later.
    await world.advance(12 * 60_000 + 19_000);
    expect(parked()).toBe(0);
  };
  const parked = () => vi.getTimerCount();

  describe.each([
    ["2025-11-25", sendLegacy],
    ["2026-07-28", sendsModern],
  ] as const)("%s", (_lane, send) => {
    const ask = async (params: Record<string, unknown>) => readAnswer(await send(params));

    it.each(["7", 0])("carries the token %j as it is, and the result ends its stream", async (token) => {
      const answer = await world.until(ask(call(waiting(), token)));
      expect(answer).toMatchObject({ status: 200, isStream: true, error: undefined, result: STILL });
      expect(answer.notifications.length).toBeGreaterThan(5);
      for (const { method } of answer.notifications) expect(method).toBe("notifications/progress");
      expect(new Set(tokensIn(answer.notifications))).toEqual(new Set([token]));
    });

    it("is not sent without a token: the answer is one document", async () => {
      const answer = await world.until(ask(call(waiting())));
      expect(answer).toMatchObject({ isStream: false, notifications: [], result: STILL });
    });

    it("is not sent before an error, of the tool or of the protocol", async () => {
      for (const args of [{}, { task_id: taskId, trace_id: "x" }, { task_id: `sub_${"0".repeat(32)}` }])
        expect(await ask(call(args, "t"))).toMatchObject({ notifications: [], result: { isError: true } });
      const unknown = { name: "veo_nothing", arguments: {}, _meta: { progressToken: "t" } };
      expect(await ask(unknown)).toMatchObject({ notifications: [], error: { code: -32602 } });
    });

    it("is not sent to one call too many, which is answered at once", async () => {
      const held = Array.from({ length: MAX_PARKED_PER_KEY }, (_, id) =>
        send(call(waiting(), `t${id}`), 100 + id),
      );
      await world.settle();
      expect(await ask(call(waiting(), "one-more"))).toMatchObject({ notifications: [], result: STILL });
      const answers = await world.until(Promise.all(held.map(async (sent) => readAnswer(await sent))));
      for (const { notifications } of answers) expect(notifications.length).toBeGreaterThan(5);
    });
  });

  describe("2025-11-25", () => {
    it("ends with an answer when the call is cancelled, and the session goes on", async () => {
      await untilQuiet();
      const stream = await begin(await sendLegacy(call(waiting(), "t")));
      expect(stream.first).toMatchObject({
        method: "notifications/progress",
        params: { progressToken: "t" },
      });
      expect(parked()).toBe(1);
      await session.cancel(7);
      expect(await stream.rest()).toMatchObject([{ id: 7, error: { message: "Request cancelled" } }]);
      expect(parked()).toBe(0);
      expect(await session.ask("ping")).toMatchObject({ result: {} });
      const again = await world.until(sendLegacy(call(waiting(), "u")).then(readAnswer));
      expect(again).toMatchObject({ isStream: true, result: STILL });
    });

    it("ends for the call that is cancelled only, with progress or without", async () => {
      const streaming = sendLegacy(call(waiting(), "t"), 7).then(readAnswer);
      const plain = sendLegacy(call(waiting()), 8).then(readAnswer);
      const other = sendLegacy(call(waiting(), "u"), 9).then(readAnswer);
      await world.settle();
      for (const [id, answer] of [
        [8, plain],
        [7, streaming],
      ] as const) {
        await session.cancel(id);
        expect(await answer).toMatchObject({ error: { message: "Request cancelled" } });
      }
      const { notifications, result } = await world.until(other);
      expect(result).toMatchObject(STILL);
      expect(notifications.length).toBeGreaterThan(5);
    });

    it("comes in a session that was out of memory, and in one that was put out of it by others", async () => {
      await world.evict();
      for (let turn = 0; turn < 2; turn += 1) {
        const answer = await world.until(sendLegacy(call(waiting(), "t")).then(readAnswer));
        expect(answer).toMatchObject({ isStream: true, result: STILL });
        expect(answer.notifications.length).toBeGreaterThan(5);
        for (let count = 0; count < 40; count += 1) await openSession(world);
      }
    });

    it("goes nowhere once the client has left, which takes nothing back: the call ends by its own deadline", async () => {
      await untilQuiet();
      await (await begin(await sendLegacy(call(waiting(), "t")))).leave();
      await world.advance(30_000);
      expect(parked()).toBe(1);
      await world.advance(30_000);
      expect(parked()).toBe(0);
      expect(await session.ask("ping")).toMatchObject({ result: {} });
    });
  });

  describe("2026-07-28", () => {
    it("that cannot be delivered ends the call: leaving is how a client of this generation takes it back", async () => {
      await untilQuiet();
      const stream = await begin(await sendsModern(call(waiting(), "t")));
      expect(stream.first).toMatchObject({ method: "notifications/progress" });
      expect(parked()).toBe(1);
      await stream.leave();
      await world.advance(10_000);
      expect(parked()).toBe(0);
    });
  });
});
