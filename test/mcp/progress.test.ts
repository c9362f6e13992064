import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TYPICAL_SECONDS } from "../../src/veo/capabilities.ts";
import { type HeardProgress, LANES, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const WAIT = { wait_seconds: 50 };

describe.each(LANES)("progress of a call that waits, $lane", ({ connect }) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 600_000 });
    client = await world.until(connect(world));
  });
  afterEach(async () => {
    await client.close();
    await world.end();
  });

  const submit = async (prompt = "a fox") =>
    String((await client.callTool("veo_text_to_video", { prompt })).structuredContent?.task_id);
  /** Waits for a task; each progress is noted with the moment at which it was heard. */
  const follow = (task_id: string, more: object = {}) => {
    const heard: (HeardProgress & { atMs: number })[] = [];
    const onprogress = (progress: HeardProgress) => void heard.push({ ...progress, atMs: Date.now() });
    const call = client.callTool("veo_get_task", { task_id, ...WAIT, ...more }, { onprogress });
    return { heard, call };
  };

  it("comes at once, at each look and at least every ten seconds: more every time, and never the whole", async () => {
    const task_id = await submit();
    await world.advance(7000);
    const fromMs = Date.now();
    const { heard, call } = follow(task_id);
    const answer = await world.until(call);
    expect(answer.structuredContent).toMatchObject({ state: "processing" });
    const seconds = heard.map(({ progress }) => progress);
    expect(seconds[0]).toBe(7);
    // The looks are due 15 s after the submission, and every 10 s from then on.
    for (const look of [15, 25, 35, 45, 55]) expect(seconds).toContain(look);
    const times = [fromMs, ...heard.map(({ atMs }) => atMs), fromMs + 50_000];
    for (const [index, atMs] of times.entries())
      expect(atMs - (times[index - 1] ?? atMs), `${times}`).toBeLessThanOrEqual(10_000);
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    for (const { progress, total = 0, message } of heard) {
      expect(total).toBeGreaterThan(progress);
      expect(message).toContain(`${progress} s`);
      expect(message).toContain(`${TYPICAL_SECONDS.min} to ${TYPICAL_SECONDS.max} s`);
    }
  });

  it("is said once when a look comes with the tenth second", async () => {
    const task_id = await submit();
    await world.advance(5000);
    const { heard, call } = follow(task_id, { wait_seconds: 45 });
    await world.until(call);
    expect(heard.map(({ progress }) => progress)).toEqual([5, 15, 25, 35, 45]);
  });

  it("goes on past the time that most videos take, and the share neither falls nor reaches the whole", async () => {
    const task_id = await submit();
    await world.advance(150_000);
    const shares: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const { heard, call } = follow(task_id);
      await world.until(call);
      for (const { progress, total = 0 } of heard) shares.push(progress / total);
    }
    expect(shares.length).toBeGreaterThan(15);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(Math.max(...shares)).toBeLessThan(1);
  });

  it("keeps a client waiting that gives up on a call after less", async () => {
    const task_id = await submit();
    await world.advance(1000);
    const patience = { timeout: 20_000, resetTimeoutOnProgress: true, onprogress: () => undefined };
    const call = client.callTool("veo_get_task", { task_id, ...WAIT }, patience);
    expect((await world.until(call)).structuredContent).toMatchObject({ state: "processing" });
  });

  it("ends with the video, as soon as it is there", async () => {
    world.simulator.configure({ generationMs: 30_000 });
    const task_id = await submit();
    const fromMs = Date.now();
    const { heard, call } = follow(task_id);
    expect((await world.until(call)).structuredContent).toMatchObject({ state: "succeeded" });
    expect(Date.now() - fromMs).toBe(35_000);
    expect(heard.length).toBeGreaterThanOrEqual(4);
    expect(heard.at(-1)?.progress).toBeLessThan(35);
  });

  it("comes to each of several that wait, by their own clocks", async () => {
    const task_id = await submit();
    const first = follow(task_id);
    await world.advance(4000);
    const second = follow(task_id);
    await world.until(Promise.all([first.call, second.call]));
    expect(first.heard.map(({ progress }) => progress)).toEqual([0, 10, 15, 20, 25, 30, 35, 40, 45]);
    expect(second.heard.map(({ progress }) => progress)).toEqual([4, 14, 15, 24, 25, 34, 35, 44, 45]);
  });

  it("comes while the upstream does not answer", async () => {
    const task_id = await submit();
    world.simulator.inject({ kind: "hang", match: "tasks", times: "forever" });
    await world.advance(20_000);
    const { heard, call } = follow(task_id);
    await world.until(call);
    expect(heard.length).toBeGreaterThanOrEqual(5);
  });

  it("comes to a hasty poll too, which is held back without being asked to", async () => {
    const task_id = await submit();
    await world.advance(1000);
    const { heard, call } = follow(task_id, { wait_seconds: null });
    await world.until(call);
    expect(heard.map(({ progress }) => progress)).toEqual([1, 11, 15, 21, 25]);
  });

  it.each([
    ["a task that is over", { wait_seconds: 50 }, 700_000],
    ["a poll that does not wait", { wait_seconds: 0 }, 1000],
    ["a poll in good time", { wait_seconds: null }, 20_000],
  ])("does not come to %s: that is answered at once", async (_what, args, afterMs) => {
    const task_id = await submit();
    await world.advance(afterMs);
    const { heard, call } = follow(task_id, args);
    await world.until(call, 0);
    expect(heard).toEqual([]);
  });

  it("does not come to a submission: that makes a task, or answers at once", async () => {
    const heard: HeardProgress[] = [];
    const onprogress = (progress: HeardProgress) => void heard.push(progress);
    await client.callTool("veo_text_to_video", { prompt: "a fox" }, { onprogress });
    expect(heard).toEqual([]);
  });
});
