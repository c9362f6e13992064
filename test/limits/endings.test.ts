import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
import { makeElsewhere } from "../elsewhere.ts";
import { errorOf } from "../payers/payer.ts";
import type { FaultInput } from "../simulator/faults.ts";
import { createLimited, type Limited, type Person } from "./limited.ts";

const MINUTE_MS = 60_000;
/** More than a day: the watch gives up, and no reservation is older. */
const DAY_MS = 25 * 60 * MINUTE_MS;
/** It is over with the answer; the alarm that says so goes off in the next millisecond. */
const AT_ONCE_MS = 1;
/** Room for one at a time, of the account's and of everybody's. */
const LIMITS = {
  MAX_TASKS_IN_FLIGHT: "1",
  TEAM_MAX_TASKS_IN_FLIGHT: "1",
  DAILY_GENERATION_LIMIT: "10",
  MAX_CREDITS_PER_DAY: "10",
  VEO_PRICES: '{"text2video:veo31-fast":1.5}',
};
const NEVER = new Promise<never>(() => undefined);

interface Ending {
  how: string;
  prompt?: string;
  fault?: FaultInput;
  /** Until it is over; before that there is no room. */
  untilMs: number;
  state: string;
  isCharged: boolean;
}

const ENDINGS: Ending[] = [
  { how: "a success", untilMs: 2 * MINUTE_MS, state: "succeeded", isCharged: true },
  {
    how: "a success at once",
    prompt: "[sync] a heron",
    untilMs: AT_ONCE_MS,
    state: "succeeded",
    isCharged: true,
  },
  {
    how: "a paid failure",
    prompt: "[fail] a heron",
    untilMs: 2 * MINUTE_MS,
    state: "failed",
    isCharged: true,
  },
  {
    how: "a refusal",
    fault: { match: "paid", kind: "status", status: 400, code: "bad_request" },
    untilMs: AT_ONCE_MS,
    state: "failed",
    isCharged: false,
  },
  {
    how: "an empty balance",
    fault: { match: "paid", kind: "status", status: 403, code: "used_up" },
    untilMs: AT_ONCE_MS,
    state: "failed",
    isCharged: false,
  },
  {
    how: "an answer that is lost, and found",
    fault: { match: "paid", kind: "drop", when: "after" },
    untilMs: 3 * MINUTE_MS,
    state: "succeeded",
    isCharged: true,
  },
  {
    how: "a request that is lost, and never arrived",
    fault: { match: "paid", kind: "drop" },
    untilMs: 15 * MINUTE_MS,
    state: "failed",
    isCharged: false,
  },
  {
    how: "nobody knows how",
    prompt: "[never] a heron",
    untilMs: DAY_MS,
    state: "unknown",
    isCharged: true,
  },
];

describe("what is in flight", () => {
  let limited: Limited;
  let ada: Person;
  beforeEach(async () => {
    limited = await createLimited(LIMITS);
    [ada] = limited.people;
  });
  afterEach(() => limited.world.end());

  const usage = async () => (await ada.call("veo_get_usage")).structuredContent;
  const only = async () => (await ada.call("veo_list_tasks")).structuredContent;
  /** What the account and the deployment count once it is over, on the day it was ordered. */
  const expectCounted = async (isCharged: boolean) => {
    const generations = isCharged ? 1 : 0;
    const credits = isCharged ? 1.5 : 0;
    expect(await usage()).toMatchObject({
      in_flight: 0,
      last_30_days: { generations, credits, unpriced: 0 },
    });
    expect((await ada.rows()).usage).toBe(generations);
    return { inFlight: 0, generations, credits };
  };

  it.each(ENDINGS)(
    "ends with $how, which the deployment is told once",
    async ({ prompt = "a heron", fault, untilMs, state, isCharged }) => {
      const { world } = limited;
      const settle = vi.spyOn(DeploymentBudget.prototype, "settle");
      if (fault !== undefined) world.simulator.inject(fault);
      await ada.order({ prompt });
      if (untilMs > AT_ONCE_MS) {
        expect(await limited.budget()).toEqual({ inFlight: 1, generations: 1, credits: 1.5 });
        expect(errorOf(await ada.order({ prompt: "another" }))).toMatchObject({ code: "limit_reached" });
      }
      // A whole day of looks is another test's.
      if (untilMs === DAY_MS) world.skip(DAY_MS - MINUTE_MS);
      await world.advance(Math.min(untilMs, 15 * MINUTE_MS));
      expect(await only()).toMatchObject({ count: 1, tasks: [{ state }] });
      const counted = await expectCounted(isCharged);
      // What it cost is that day's; the status is of today.
      expect(await limited.budget()).toEqual(
        untilMs === DAY_MS ? { inFlight: 0, generations: 0, credits: 0 } : counted,
      );
      expect(settle.mock.calls.flatMap(([settlements]) => settlements)).toEqual([
        { submissionId: expect.stringMatching(/^sub_/), isCharged },
      ]);
      expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
      expect(world.paidCalls()).toBe(2);
    },
  );

  it.each([
    ["before it was set aside", "before", 0, false],
    ["after it was set aside, and before it was sent", "after", 0, false],
    ["after it was sent", "sent", 1, true],
  ] as const)("survives a crash %s", async (_title, when, paidCalls, isCharged) => {
    const { world } = limited;
    const { reserve } = DeploymentBudget.prototype;
    const frozen = vi.spyOn(DeploymentBudget.prototype, "reserve");
    if (when === "sent") world.simulator.inject({ kind: "hang", match: "paid", when: "after" });
    else
      frozen.mockImplementationOnce(async function (this: DeploymentBudget, reservation) {
        if (when === "after") await reserve.call(this, reservation);
        return NEVER;
      });
    const cutOff = ada.client.callTool("veo_text_to_video", { prompt: "a heron" }).catch(() => undefined);
    await world.settle();
    expect(world.paidCalls()).toBe(paidCalls);
    await world.crash();
    await cutOff;
    expect(errorOf(await ada.order({ prompt: "another" }))).toMatchObject({ code: "limit_reached" });
    await world.advance(15 * MINUTE_MS);
    expect(await only()).toMatchObject({ count: 1, tasks: [{ state: isCharged ? "succeeded" : "failed" }] });
    expect(await limited.budget()).toEqual(await expectCounted(isCharged));
    expect(world.paidCalls()).toBe(paidCalls);
    expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
  });

  it("and refused is given back though the object dies before it can say so", async () => {
    const { world } = limited;
    vi.spyOn(DeploymentBudget.prototype, "settle").mockImplementationOnce(() => NEVER);
    await ada.order({ prompt: "[reject] a heron" });
    const round = world.advance(0).catch(() => undefined);
    await world.crash();
    await round;
    await world.advance(2 * MINUTE_MS);
    expect(await limited.budget()).toEqual(await expectCounted(false));
  });
});

describe("what costs nothing counts for nothing", () => {
  let limited: Limited;
  let ada: Person;
  beforeEach(async () => {
    limited = await createLimited({ DAILY_GENERATION_LIMIT: "1", TEAM_DAILY_GENERATION_LIMIT: "1" });
    [ada] = limited.people;
  });
  afterEach(() => limited.world.end());

  const expectOne = async () => {
    expect((await ada.call("veo_get_usage")).structuredContent).toMatchObject({ today: { generations: 1 } });
    expect((await limited.budget()).generations).toBe(1);
    expect(limited.world.paidCalls()).toBe(1);
  };

  it("a repeat with the same idempotency_key, which is answered at the limit too", async () => {
    const first = await ada.order({ idempotency_key: "k" });
    const again = await ada.order({ idempotency_key: "k" });
    expect(again.structuredContent?.submission_id).toBe(first.structuredContent?.submission_id);
    await expectOne();
  });

  it("an identical request that joins the one under way", async () => {
    const [first, again] = await Promise.all([ada.order(), ada.order()]);
    expect(first?.structuredContent?.submission_id).toBeDefined();
    expect(again?.structuredContent?.submission_id).toBe(first?.structuredContent?.submission_id);
    await expectOne();
  });

  it("a request that joins one that a limit stops: it is told that nothing was sent", async () => {
    await limited.people[1].order();
    const answers = await Promise.all([ada.order(), ada.order()]);
    for (const answer of answers) {
      expect(errorOf(answer)).toMatchObject({ code: "limit_reached" });
      expect(answer.content[0]?.text).toContain("Nothing was sent.");
    }
    expect(limited.world.paidCalls()).toBe(1);
    expect(await ada.rows()).toEqual({ task: 0, task_prompt: 0, usage: 0 });
  });
});

describe("a task that was made elsewhere", () => {
  it("is adopted without counting for any limit", async () => {
    const limited = await createLimited({ MAX_TASKS_IN_FLIGHT: "1", TEAM_MAX_TASKS_IN_FLIGHT: "1" });
    const [ada] = limited.people;
    await makeElsewhere(limited.world.simulator, ada.key, { prompt: "[never] elsewhere" });
    const history = (await ada.call("veo_get_tasks_batch")).structuredContent;
    expect(history).toMatchObject({ count: 1, tasks: [{ state: "processing" }] });
    expect((await ada.call("veo_get_usage")).structuredContent).toMatchObject({
      in_flight: 0,
      today: { generations: 0 },
    });
    expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
    await limited.world.end();
  });
});
