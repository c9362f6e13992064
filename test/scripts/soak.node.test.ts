import { beforeEach, describe, expect, it } from "vitest";
import type { Row } from "../../scripts/soak/ledger.ts";
import { planOrders } from "../../scripts/soak/orders.ts";
import { type Accounts, reconcile } from "../../scripts/soak/reconciliation.ts";
import type { Story } from "../../scripts/soak/story.ts";
import { inject, planFaults } from "../../scripts/soak/upstream-plan.ts";
import { createSimulator, type Simulator } from "../simulator/simulator.ts";

const PROMPT = "A paper boat in the rain, test001";
let simulator: Simulator;

const pay = (prompt = PROMPT) =>
  simulator.fetch("https://upstream.test/veo/videos", {
    method: "POST",
    headers: { authorization: "Bearer alice" },
    body: JSON.stringify({ action: "text2video", prompt, async: true }),
  });

beforeEach(async () => {
  simulator = createSimulator({ generationMs: 0 });
  await pay();
});

/** The row that a ledger should have of the only paid task. */
function trueRow(): Row {
  const [task] = simulator.tasks;
  if (task === undefined) throw new Error("Nobody paid.");
  const videos = task.videoIds.map((id) => ({
    video_id: id,
    video_url: `https://upstream.test/videos/${id}.mp4`,
  }));
  return {
    submission_id: "sub_1",
    task_id: task.taskId,
    state: "succeeded",
    request: { prompt: PROMPT },
    videos,
  };
}

const [order] = planOrders("a client", "test", 1);
if (order === undefined) throw new Error("Nothing is planned.");
const story = (told: Partial<Story>): Story => ({
  order: { ...order, args: { prompt: PROMPT } },
  calls: 1,
  isUnderWay: false,
  setbacks: [],
  ids: new Set(),
  ...told,
});
const counted = (generations: number): Accounts["usage"] => ({
  last_30_days: { generations, credits: 0 },
  limits: [{ limit: "TEAM_MAX_TASKS_IN_FLIGHT", used: 0 }],
});
const problemsOf = (accounts: Partial<Accounts>): string =>
  reconcile({
    tasks: simulator.tasks,
    rows: [trueRow()],
    stories: [],
    usage: counted(simulator.tasks.length),
    ...accounts,
  }).problems.join("\n");

describe("the reconciliation after a soak", () => {
  it("has nothing to say of a paid task with its video, beside an order that cost nothing", () => {
    const refused: Row = {
      ...trueRow(),
      submission_id: "sub_2",
      task_id: undefined,
      state: "failed",
      videos: [],
      error: { code: "never_arrived", message: "" },
    };
    const told = story({ ids: new Set(["sub_1", trueRow().task_id ?? ""]), ended: "succeeded" });
    expect(problemsOf({ rows: [trueRow(), refused], stories: [told] })).toBe("");
  });

  it.each<[string, () => Partial<Accounts>]>([
    ["lost", () => ({ rows: [] })],
    ["in the ledger 2 times", () => ({ rows: [trueRow(), trueRow()] })],
    ["not at its end", () => ({ rows: [{ ...trueRow(), state: "processing" }] })],
    ["in the ledger failed", () => ({ rows: [{ ...trueRow(), state: "failed" }] })],
    ["its prompt became", () => ({ rows: [{ ...trueRow(), request: { prompt: "another" } }] })],
    ["it shows nothing", () => ({ rows: [{ ...trueRow(), videos: [] }] })],
    [
      "the link of another video",
      () => {
        const [video] = trueRow().videos;
        return {
          rows: [{ ...trueRow(), videos: [{ ...video, video_url: "https://upstream.test/other.mp4" }] }],
        };
      },
    ],
    ["was never paid for", () => ({ tasks: [] })],
    [
      "the upstream has no such task",
      () => ({ rows: [{ ...trueRow(), task_id: undefined, state: "submitting" }] }),
    ],
    ["nobody says why", () => ({ rows: [{ ...trueRow(), task_id: undefined, state: "failed" }] })],
    ["which is not there", () => ({ stories: [story({ ids: new Set(["sub_9"]) })] })],
    ["was told that it failed", () => ({ stories: [story({ ended: "failed" })] })],
    ["was answered internal", () => ({ stories: [story({ setbacks: ["internal"] })] })],
    ["veo_get_usage counts 2 of 1", () => ({ usage: counted(2) })],
  ])("says that something is wrong: %s", (problem, accounts) => {
    expect(problemsOf(accounts())).toContain(problem);
  });

  it("says that an order was paid twice", async () => {
    await pay();
    expect(problemsOf({})).toContain(`paid 2 times: ${PROMPT}`);
  });
});

describe("the bad weather of a soak", () => {
  it("is the same for the same seed, and hits the requests that it was planned for", async () => {
    const { paid } = planFaults(7);
    expect(planFaults(7).paid).toEqual(paid);
    expect(planFaults(8).paid).not.toEqual(paid);
    const first = [
      { kind: "html" },
      undefined,
      undefined,
      { kind: "html" },
      { kind: "html" },
      undefined,
    ] as const;
    inject(simulator, "paid", first);
    const statuses: number[] = [];
    for (const _ of first) statuses.push((await pay()).status);
    expect(statuses).toEqual([502, 200, 200, 502, 502, 200]);
  });
});
