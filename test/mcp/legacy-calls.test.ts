import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { messagesOf, openSession, type RawSession, readAnswer } from "./raw-request.ts";

describe("calls of the 2025 generation", () => {
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

  const wait = (id: number, wait_seconds: number, progressToken?: string) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name: "veo_get_task",
      arguments: { task_id: taskId, wait_seconds },
      ...(progressToken !== undefined && { _meta: { progressToken } }),
    },
  });

  it("that ask for a task, which is not offered here, are answered as if they did not", async () => {
    const params = { name: "veo_text_to_video", arguments: { prompt: "a fox" }, task: { ttl: 60_000 } };
    for (const answer of [
      await session.ask("tools/call", params),
      await readAnswer(await session.send([{ jsonrpc: "2.0", id: 7, method: "tools/call", params }])),
    ])
      expect(answer).toMatchObject({
        error: undefined,
        result: { structuredContent: { state: "processing" } },
      });
    expect(world.paidCalls()).toBe(3);
  });

  it("in a batch hear how far they are too, and their answers end its one stream (2025-03-26)", async () => {
    session = await openSession(world, "2025-03-26");
    const sent = await session.send([wait(7, 50, "t"), wait(8, 5, "u"), wait(9, 0)]);
    expect(sent.headers.get("content-type")).toContain("text/event-stream");
    const messages = await world.until(Array.fromAsync(messagesOf(sent)));
    const progress = messages.filter(({ method }) => method === "notifications/progress");
    expect(new Set(progress.map(({ params }) => params?.progressToken))).toEqual(new Set(["t", "u"]));
    const answers = messages.filter(({ method }) => method === undefined);
    expect(answers.map(({ id }) => id)).toEqual([9, 8, 7]);
    for (const { result } of answers)
      expect(result).toMatchObject({ structuredContent: { task_id: taskId } });
  });

  it("that wait are answered when their session is closed", async () => {
    const held = [wait(7, 50, "t"), wait(8, 50), wait(9, 50, "u")].map(async (call) =>
      readAnswer(await session.send(call)),
    );
    await world.settle();
    expect((await session.end()).status).toBe(200);
    for (const answer of await world.until(Promise.all(held), 0))
      expect(answer).toMatchObject({ error: { message: "Request cancelled" } });
  });

  it("that are taken back after their client left the stream are ended without a fuss", async () => {
    const call = await session.send(wait(7, 50, "t"));
    await call.body?.cancel();
    await world.advance(11_000);
    const notification = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
    expect((await session.send(notification)).status).toBe(202);
    expect((await session.ask("ping")).result).toEqual({});
  });

  it.each(["before any call with progress", "after a call with progress"])(
    "beside a cancellation in one batch are made once, %s (2025-03-26)",
    async (when) => {
      session = await openSession(world, "2025-03-26");
      if (when.startsWith("after")) await readAnswer(await session.send(wait(1, 0, "t")));
      const paid = world.paidCalls();
      const params = { name: "veo_text_to_video", arguments: { prompt: "a fox" } };
      const cancelled = {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: 99 },
      };
      const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params };
      await readAnswer(await session.send([cancelled, call]));
      expect(world.paidCalls() - paid).toBe(1);
    },
  );

  it.each(["cancel", "end"] as const)(
    "that wait can be taken back however many sessions came since: %s",
    async (how) => {
      const held = session.send(wait(7, 50)).then(readAnswer);
      await world.settle();
      for (let count = 0; count < 40; count += 1) await openSession(world);
      await (how === "cancel" ? session.cancel(7) : session.end());
      expect(await world.until(held, 0)).toMatchObject({ error: { message: "Request cancelled" } });
    },
  );
});
