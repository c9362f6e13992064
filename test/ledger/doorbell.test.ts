import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../clients.ts";
import type { FaultInput } from "../simulator/faults.ts";
import type { World } from "../world.ts";
import { createDoorbell, type Doorbell, SECRET_KEY } from "./doorbell-world.ts";

/** Looks at a task of a minute before its ring, as long as nobody knows that rings come through. */
const BEFORE = [15, 25, 35, 45, 55];

describe.each(LANES)("a ring, $lane", ({ connect }) => {
  let world: World;
  afterEach(() => world.end());

  it("makes its task due at once, and whoever waits for it has the news; a repeat is of no use", async () => {
    const bell = await createDoorbell({}, connect);
    ({ world } = bell);
    const taskId = await bell.submit("a fox");
    expect(world.simulator.tasks[0]?.callbackUrl).toBe(bell.address());
    await world.advance(59_000);
    const waiting = bell.client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 });
    await world.advance(2000);
    expect(bell.askedAt()).toEqual([...BEFORE, 60]);
    expect((await waiting).structuredContent).toMatchObject({ state: "succeeded", videos: [{}] });
    expect([await bell.ring(), await bell.ring()]).toEqual([404, 404]);
    await world.advance(3_600_000);
    expect(bell.askedAt()).toEqual([...BEFORE, 60]);
  });
});

describe("a ring", () => {
  let bell: Doorbell;
  let world: World;
  beforeEach(async () => {
    bell = await createDoorbell();
    ({ world } = bell);
  });
  afterEach(() => world.end());

  const statuses = () => world.simulator.callbacks.map(({ status }) => status);

  it.each([
    ["in time", "", [...BEFORE, 60], [204]],
    // Its body says otherwise.
    ["4 s before the record says so", "[early-callback]", [...BEFORE, 56, 58, 61], [204]],
    ["a minute late", "[late-callback]", [...BEFORE, 65], [404]],
    ["twice, and again", "[repeated-callback]", [...BEFORE, 60], [204, 204, 404]],
    ["never", "[no-callback]", [...BEFORE, 65], []],
    ["in time, of a failure", "[fail]", [...BEFORE, 60], [204]],
  ])(
    "that comes %s costs what it should, and nothing is believed or missed",
    async (_when, word, asked, rang) => {
      const taskId = await bell.submit(`a fox ${word}`);
      await world.advance(58_500);
      expect(await bell.stateOf(taskId)).toBe("processing");
      await world.advance(100_000);
      expect(await bell.stateOf(taskId)).toBe(word === "[fail]" ? "failed" : "succeeded");
      expect([bell.askedAt(), statuses()]).toEqual([asked, rang]);
    },
  );

  it("looks again 2, 5 and 10 s later where the record does not say so, but only for the first one", async () => {
    await bell.submit("a fox [never]");
    await world.advance(200_000);
    const fromMs = Date.now();
    expect(await bell.ring()).toBe(204);
    await world.advance(15_000);
    expect(bell.askedAt(fromMs)).toEqual([0, 2, 5, 10]);
    expect(await bell.ring()).toBe(204);
    await world.advance(20_000);
    // The schedule of that age is every 20 s.
    expect(bell.askedAt(fromMs)).toEqual([0, 2, 5, 10, 15, 35]);
  });

  it("of a hundred in two minutes costs at most one look in 15 s, beside the schedule's", async () => {
    const looks = async (word: string) => {
      const fromMs = Date.now();
      const taskId = await bell.submit(`a fox [slow] ${word}`);
      await world.advance(125_000);
      expect(await bell.stateOf(taskId)).toBe("processing");
      world.simulator.finish();
      await world.advance(15_000);
      expect(await bell.stateOf(taskId)).toBe("succeeded");
      return bell.askedAt(fromMs);
    };
    const quiet = await looks("[no-callback]");
    expect(world.simulator.callbacks).toEqual([]);
    const flooded = await looks("[callback-flood]");
    expect(statuses()).toEqual(Array.from({ length: 100 }, () => 204));
    expect(flooded.length).toBeLessThanOrEqual(quiet.length + 120 / 15);
    expect(flooded.slice(0, 4)).toEqual([0, 2, 5, 10]);
    // One of the flood's and two of the schedule's, after the echoes of the first ring.
    for (const [index, seconds] of flooded.entries())
      if (index > 4)
        expect(flooded.filter((at) => at > seconds - 15 && at <= seconds).length).toBeLessThanOrEqual(3);
  });

  it.each([
    ["that is over then", "[fast] a fox", [8]],
    ["that is not", "[early-callback] a fox", [13, 14, 17]],
  ])(
    "before the answer to the submission of a task %s makes its first look come with the answer",
    async (_what, prompt, asked) => {
      world.simulator.configure({ generationMs: 16_000 });
      world.simulator.inject({ kind: "latency", latencyMs: (asked[0] ?? 0) * 1000, match: "paid" });
      const taskId = await bell.submit(prompt);
      await world.advance(30_000);
      expect([bell.askedAt(), statuses()]).toEqual([asked, [204]]);
      expect(await bell.stateOf(taskId)).toBe("succeeded");
    },
  );

  it.each([
    ["a first one", false],
    ["a later one", true],
  ])("while the upstream is being asked is not lost: %s", async (_what, isLater) => {
    const taskId = await bell.submit("a fox");
    await world.advance(16_000);
    if (isLater) expect(await bell.ring()).toBe(204);
    await world.advance(38_000);
    const before = bell.askedAt().length;
    // What it answers is what it knew when it was asked.
    world.simulator.inject({ kind: "latency", latencyMs: 9000, match: "tasks" });
    await world.advance(12_000);
    expect(statuses()).toEqual([204]);
    expect(bell.askedAt().slice(before)).toEqual([55, 64]);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
  });

  it.each<[string, FaultInput, number[]]>([
    ["asked to be", { kind: "status", status: 429, retryAfterSeconds: 100 }, [15, 115]],
    ["was in trouble", { kind: "status", status: 500, times: 4 }, [15, 20, 30, 50, 90]],
  ])("while the upstream is left alone because it %s does not break that", async (_why, fault, asked) => {
    const taskId = await bell.submit("a fox");
    world.simulator.inject({ ...fault, match: "tasks" });
    await world.advance(120_000);
    expect([statuses(), bell.askedAt()]).toEqual([[204], asked]);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
  });

  it.each([
    [401, "invalid_token"],
    [403, "used_up"],
  ])("does not go on with a watch that stopped at %i %s", async (status, code) => {
    const taskId = await bell.submit("a fox");
    world.simulator.inject({ kind: "status", status, code, match: "tasks" });
    await world.advance(600_000);
    expect([statuses(), await bell.ring(), bell.askedAt()]).toEqual([[204], 204, [15]]);
    expect(await bell.stateOf(taskId)).toBe("processing");
    await world.advance(1000);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
    expect(bell.askedAt()).toHaveLength(2);
  });

  it.each(["evict", "crash"] as const)(
    "finds its task after the object had to begin anew (%s)",
    async (how) => {
      await bell.submit("a fox");
      await world.advance(57_000);
      await world[how]();
      world.simulator.finish();
      expect(await bell.ring()).toBe(204);
      await world[how]();
      await world.advance(1000);
      expect(bell.askedAt()).toEqual([...BEFORE, 57]);
      await world[how]();
      expect(await bell.ring()).toBe(404);
      await world.advance(60_000);
      expect(bell.askedAt()).toEqual([...BEFORE, 57]);
    },
  );

  it("for a task of another account, or for none, is of no use to anybody", async () => {
    await bell.submit("a fox");
    const submissionId = await world.inObject(
      (_, { storage }) =>
        storage.sql.exec<{ submission_id: string }>("SELECT submission_id FROM task").one().submission_id,
    );
    expect(await env.VEO_AGENT.getByName("stranger").ring(submissionId)).toBe(false);
    expect(await env.VEO_AGENT.getByName("owner").ring("sub_unknown")).toBe(false);
    await world.advance(10_000);
    expect(bell.askedAt()).toEqual([]);
    expect(await env.VEO_AGENT.getByName("owner").ring(submissionId)).toBe(true);
    await world.advance(1000);
    expect(bell.askedAt()).toEqual([10]);
  });

  it("for a submission that was refused is of no use, and says nothing about rings", async () => {
    await bell.submit("[reject] a fox");
    expect(await bell.ring()).toBe(404);
    await world.advance(1000);
    const fromMs = Date.now();
    await bell.submit("a fox [no-callback]");
    await world.advance(30_000);
    expect(bell.askedAt(fromMs)[0]).toBeLessThan(20);
  });

  it("for a submission whose answer was lost has it searched for at once", async () => {
    await bell.submit("[lost-response] a fox");
    await world.advance(1000);
    expect(bell.askedAt()).toEqual([]);
    expect(await bell.ring()).toBe(204);
    await world.advance(1000);
    expect(bell.askedAt()[0]).toBe(1);
  });

  it.each([
    ["was replaced", `${SECRET_KEY}-of-another`],
    ["was taken away", ""],
  ])(
    "for a submission whose answer was lost tells nothing once the secret key %s: what was paid never passes for what never arrived",
    async (_, SECRET_KEY) => {
      world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
      await bell.submit("a lost fox", { idempotency_key: "k" });
      world.simulator.inject({ kind: "drop", match: "paid" });
      await bell.submit("a hare that never arrived");
      await world.redeploy({ SECRET_KEY });
      await world.advance(20 * 60_000);
      const { structuredContent } = await bell.client.callTool("veo_list_tasks");
      expect(structuredContent).toMatchObject({
        tasks: [
          {
            request: { prompt: "a hare that never arrived" },
            state: "failed",
            error: { code: "never_arrived" },
          },
          { request: { prompt: "a lost fox" }, state: "submitting" },
        ],
      });
      await world.advance(25 * 3_600_000);
      expect((await bell.client.callTool("veo_list_tasks")).structuredContent).toMatchObject({
        tasks: [{ state: "failed" }, { state: "unknown" }],
      });
      // The key of an order that may have been paid for is never free again.
      expect(
        await bell.client.callTool("veo_text_to_video", { prompt: "a lost fox", idempotency_key: "k" }),
      ).toMatchObject({
        structuredContent: { state: "unknown" },
      });
    },
  );
});
