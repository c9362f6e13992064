import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { ACKNOWLEDGED, createTaskClient, type TaskClient } from "./task-client.ts";

describe("a task of the Tasks extension that somebody cancels", () => {
  let world: World;
  let client: TaskClient;
  beforeEach(() => {
    world = createWorld({ generationMs: 60_000 });
    client = createTaskClient(world);
  });
  afterEach(() => world.end());

  it("is acknowledged, shown as cancelled for ever, and watched to its end: the video is in the ledger", async () => {
    const { taskId } = await client.make();
    await world.advance(20_000);
    const { result } = await client.ask("tasks/cancel", { taskId });
    expect(result).toEqual(ACKNOWLEDGED);
    const { result: cancelled } = await client.ask("tasks/get", { taskId });
    expect(cancelled).toMatchObject({
      status: "cancelled",
      statusMessage: expect.stringContaining("paid for"),
    });
    for (const key of ["result", "error", "pollIntervalMs"]) expect(cancelled).not.toHaveProperty(key);

    const listed = { cancel_requested: true, submission_id: taskId };
    expect((await client.poll(taskId))?.structuredContent).toMatchObject({
      ...listed,
      state: "processing",
      next_step: expect.stringContaining("Cancelling was asked for"),
      mcp_task_polling: { should_poll: true },
    });
    for (const [tool, args] of [
      ["veo_list_tasks", {}],
      ["veo_get_tasks_batch", { task_ids: [taskId] }],
    ] as const)
      expect((await client.call(tool, args)).result).toMatchObject({
        structuredContent: { tasks: [listed] },
      });

    await world.advance(90_000);
    const done = await client.poll(taskId);
    expect(done?.structuredContent).toMatchObject({ ...listed, state: "succeeded", videos: [{}] });
    expect(await client.get(taskId)).toEqual(cancelled);
    expect(world.paidCalls()).toBe(1);
  });

  it("may be cancelled again, and whoever repeats the call with its key is told that it goes on", async () => {
    const { taskId } = await client.make({ idempotency_key: "k" });
    for (let turn = 0; turn < 3; turn += 1)
      expect(await client.ask("tasks/cancel", { taskId })).toMatchObject({
        result: { resultType: "complete" },
      });
    const again = await client.call("veo_text_to_video", { prompt: "a fox", idempotency_key: "k" });
    expect(again.result).toMatchObject({
      resultType: "complete",
      structuredContent: {
        submission_id: taskId,
        next_step: expect.stringContaining("Cancelling was asked for"),
      },
    });
    expect(await client.get(taskId)).toMatchObject({ status: "cancelled" });
  });

  it.each(["a fox", "[fail] a fox"])("is acknowledged and left as it is when %s is over", async (prompt) => {
    const { taskId } = await client.make({ prompt });
    await world.advance(90_000);
    const before = await client.get(taskId);
    expect(await client.ask("tasks/cancel", { taskId })).toMatchObject({
      result: { resultType: "complete" },
    });
    expect(await client.get(taskId)).toEqual(before);
    expect((await client.poll(taskId))?.structuredContent).not.toHaveProperty("cancel_requested");
  });

  it("survives an eviction as cancelled, and lets a call that waits for its video go on waiting", async () => {
    const { taskId } = await client.make();
    const waiting = client.call("veo_get_task", { task_id: taskId, wait_seconds: 50 });
    await world.settle();
    await client.ask("tasks/cancel", { taskId });
    expect((await world.until(waiting)).result).toMatchObject({
      structuredContent: { state: "processing" },
    });
    await world.evict();
    expect(await client.get(taskId)).toMatchObject({ status: "cancelled" });
  });
});
