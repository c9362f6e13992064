import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { createTaskClient, type ShownTask, type TaskClient } from "./task-client.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

describe("pollIntervalMs", () => {
  let world: World;
  let client: TaskClient;
  beforeEach(() => {
    world = createWorld();
    client = createTaskClient(world);
  });
  afterEach(() => world.end());

  /** Asks for a task whenever it is told to, as the extension's reference client does, until it is over. */
  const follow = async (seed: ShownTask) => {
    let task = seed;
    let intervalMs = 0;
    let gets = 0;
    while (task.status === "working") {
      intervalMs = task.pollIntervalMs ?? Number.NaN;
      await world.advance(intervalMs);
      task = await client.get(task.taskId);
      gets += 1;
    }
    return { task, gets, lastIntervalMs: intervalMs, endedAtMs: Date.now() };
  };

  it.each([
    ["4 s", 4 * SECOND_MS],
    ["a minute", MINUTE_MS],
    ["107 s", 107 * SECOND_MS],
    ["3 minutes", 3 * MINUTE_MS],
    ["8 minutes", 8 * MINUTE_MS],
  ])(
    "is when the next look is over: who keeps to it hears of a video of %s in time, and asks once per look",
    async (_what, generationMs) => {
      world.simulator.configure({ generationMs });
      const overAtMs = Date.now() + generationMs;
      const { task, gets, lastIntervalMs, endedAtMs } = await follow(await client.make());
      expect(task.status).toBe("completed");
      expect(endedAtMs - overAtMs).toBeGreaterThanOrEqual(0);
      expect(endedAtMs - overAtMs).toBeLessThanOrEqual(lastIntervalMs);
      expect(gets).toBeLessThanOrEqual(world.taskQueries() + 1);
      // Asking made none of them: that many looks does the schedule have.
      expect(world.taskQueries()).toBe(await looksUnasked(generationMs));
    },
  );

  /** How often the upstream is asked for a task that nobody asks for. */
  const looksUnasked = async (generationMs: number) => {
    await world.end();
    world = createWorld({ generationMs });
    client = createTaskClient(world);
    await client.make();
    await world.advance(generationMs + 15 * MINUTE_MS);
    return world.taskQueries();
  };

  it("is true as well for who asks late, early, or all the time", async () => {
    world.simulator.configure({ generationMs: 10 * MINUTE_MS });
    const { taskId } = await client.make();
    for (let second = 0; second < 60; second += 1) {
      const { pollIntervalMs = 0 } = await client.get(taskId);
      const { structuredContent } = Object(await client.poll(taskId));
      const lookAtMs = Date.parse(structuredContent.next_check_at);
      expect(Date.now() + pollIntervalMs).toBe(lookAtMs + SECOND_MS);
      await world.advance(SECOND_MS);
    }
    // At 15, 25, 35, 45 and 55 s, and no more for having asked sixty times.
    expect(world.taskQueries()).toBe(5);
  });

  it("is as long as the upstream wants to be left alone", async () => {
    const { taskId } = await client.make();
    world.simulator.inject({
      kind: "status",
      status: 429,
      code: "too_many_requests",
      retryAfterSeconds: 300,
      match: "tasks",
    });
    await world.advance(20_000);
    const task = await client.get(taskId);
    expect(task).toMatchObject({
      status: "working",
      statusMessage: expect.stringContaining("HTTP 429"),
      pollIntervalMs: 296_000,
    });
    const { gets } = await follow(task);
    expect(gets).toBe(1);
    expect(world.taskQueries()).toBe(2);
  });

  it.each([
    [401, "invalid_token"],
    [403, "used_up"],
  ])(
    "is that of a patient client while %i %s has stopped the watch, which says so, and asking goes on",
    async (status, code) => {
      const { taskId } = await client.make();
      world.simulator.inject({ kind: "status", status, code, match: "tasks", times: 2 });
      await world.advance(60_000);
      expect(world.taskQueries()).toBe(1);
      const task = await client.get(taskId);
      expect(task.statusMessage).toContain(`HTTP ${status} ${code}`);
      const { task: ended, gets } = await follow(task);
      expect(ended.status).toBe("completed");
      expect(gets).toBeLessThanOrEqual(3);
      expect(world.taskQueries()).toBe(3);
    },
  );

  it("is longer after each look that fails", async () => {
    const { taskId } = await client.make();
    world.simulator.inject({ kind: "hang", match: "tasks", times: "forever" });
    await world.advance(15_000);
    const intervals: (number | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const { pollIntervalMs = 0 } = await client.get(taskId);
      intervals.push(pollIntervalMs);
      await world.advance(Math.max(pollIntervalMs, 10_000));
    }
    expect(intervals).toEqual([6000, 11_000, 21_000, 41_000]);
  });

  it("is not there once the task is over", async () => {
    const { task } = await follow(await client.make());
    expect(task).not.toHaveProperty("pollIntervalMs");
    const cancelled = await client.make({ prompt: "[never] a fox" });
    await client.ask("tasks/cancel", { taskId: cancelled.taskId });
    expect(await client.get(cancelled.taskId)).not.toHaveProperty("pollIntervalMs");
  });
});
