import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
import { askModern } from "../mcp/raw-request.ts";
import { errorOf } from "../payers/payer.ts";
import { budgetStub, createLimited, type Limited, type Person } from "./limited.ts";

const MINUTE_MS = 60_000;
const DEADLINE_MS = 10_000;
const NOTHING = { inFlight: 0, generations: 0, credits: 0 };
const { reserve, settle } = DeploymentBudget.prototype;

describe("while the deployment's budget cannot be reached", () => {
  let limited: Limited;
  let ada: Person;
  let told: string[];
  beforeEach(async () => {
    limited = await createLimited({ TEAM_MAX_TASKS_IN_FLIGHT: "1" });
    [ada] = limited.people;
    told = [];
    vi.spyOn(console, "error").mockImplementation((line) => void told.push(String(line)));
  });
  afterEach(() => limited.world.end());

  const list = async () => (await ada.call("veo_list_tasks")).structuredContent;
  const reserving = () => vi.spyOn(DeploymentBudget.prototype, "reserve");
  const settling = () => vi.spyOn(DeploymentBudget.prototype, "settle");

  it.each<
    [string, (this: DeploymentBudget, ...asked: Parameters<typeof reserve>) => ReturnType<typeof reserve>]
  >([
    [
      "and never was asked",
      async () => {
        throw new Error("unreachable");
      },
    ],
    [
      "and had set it aside before the connection broke",
      async function (reservation) {
        await reserve.call(this, reservation);
        throw new Error("unreachable");
      },
    ],
    ["and does not answer", () => new Promise(() => undefined)],
  ])("nothing is sent (%s), and what was set aside is given back", async (_title, fault) => {
    const { world } = limited;
    reserving().mockImplementationOnce(fault);
    const refused = await world.until(
      ada.client.callTool("veo_text_to_video", { prompt: "a heron", idempotency_key: "k" }),
      DEADLINE_MS + 1000,
    );
    expect(errorOf(refused)).toMatchObject({ code: "limit_reached", retryable: true });
    expect(refused.content[0]?.text).toContain("could not be checked, so nothing was sent");
    expect(told.join()).toContain("budget_unreachable");
    await world.advance(1);
    expect(await limited.budget()).toEqual(NOTHING);
    expect(await list()).toMatchObject({
      count: 1,
      tasks: [{ state: "failed", error: { code: "budget_unreachable" } }],
    });
    expect((await ada.call("veo_get_usage")).structuredContent).toMatchObject({ today: { generations: 0 } });
    expect(world.paidCalls()).toBe(0);
    // The same key is as good as new.
    expect(await ada.order({ idempotency_key: "k" })).toMatchObject({
      structuredContent: { state: "processing" },
    });
  });

  it("what somebody cancels meanwhile stays cancelled", async () => {
    const { world } = limited;
    reserving().mockImplementationOnce(() => new Promise(() => undefined));
    const ordered = ada.client.callTool("veo_text_to_video", { prompt: "a heron" });
    await world.settle();
    const [row] = await world.inObject(
      (_, { storage }) => storage.sql.exec<{ id: string }>("SELECT submission_id AS id FROM task").toArray(),
      ada.account,
    );
    const params = { taskId: row?.id };
    const cancel = await world.until(
      askModern(world, { method: "tasks/cancel", params, bearer: ada.key }),
      1000,
    );
    expect(cancel.error).toBeUndefined();
    await world.until(ordered, DEADLINE_MS + 1000);
    expect(await list()).toMatchObject({ tasks: [{ state: "failed", cancel_requested: true }] });
  });

  it("a reservation that arrives after it was given back counts for nothing", async () => {
    const { world } = limited;
    let isLate = true;
    const answers: unknown[] = [];
    reserving().mockImplementationOnce(async function (this: DeploymentBudget, reservation) {
      // In real time, and asked for: a promise of another object's must not be settled here.
      while (isLate) await scheduler.wait(1);
      const answer = await reserve.call(this, reservation);
      answers.push(answer);
      return answer;
    });
    await world.until(ada.client.callTool("veo_text_to_video", { prompt: "a heron" }), DEADLINE_MS + 1000);
    await world.advance(1);
    isLate = false;
    while (answers.length === 0) await scheduler.wait(1);
    expect(answers).toEqual([{ ok: false, kind: "unreachable" }]);
    expect(await limited.budget()).toEqual(NOTHING);
    expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
  });

  it("endings are told a minute later, and until then they count", async () => {
    const { world } = limited;
    settling().mockRejectedValueOnce(new Error("unreachable"));
    await ada.order({ prompt: "[reject] a heron" });
    await world.advance(MINUTE_MS - 1000);
    expect(errorOf(await ada.order())).toMatchObject({ code: "limit_reached" });
    await world.advance(2000);
    expect(await limited.budget()).toEqual(NOTHING);
    expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
  });

  it("an ending whose acknowledgement is lost is told again, and counts once", async () => {
    const { world } = limited;
    const settled = settling().mockImplementationOnce(async function (this: DeploymentBudget, settlements) {
      await settle.call(this, settlements);
      throw new Error("unreachable");
    });
    await ada.order({ prompt: "[reject] a heron" });
    await world.advance(1);
    await ada.order();
    await world.advance(5 * MINUTE_MS);
    const tellings = settled.mock.calls.flatMap(([settlements]) =>
      settlements.map(({ isCharged }) => isCharged),
    );
    expect(tellings).toEqual([false, false, true]);
    expect(await limited.budget()).toEqual({ ...NOTHING, generations: 1 });
  });

  it("the watch of an account goes on, though an ending cannot be told", async () => {
    await limited.redeploy({ TEAM_MAX_TASKS_IN_FLIGHT: "2" });
    settling().mockImplementation(() => new Promise(() => undefined));
    await ada.order({ prompt: "[reject] a heron" });
    await ada.order();
    await limited.world.advance(2 * MINUTE_MS);
    expect(await list()).toMatchObject({ tasks: [{ state: "succeeded" }, { state: "failed" }] });
  });

  it("usage is told without the limits that only it knows", async () => {
    await ada.order();
    vi.spyOn(DeploymentBudget.prototype, "status").mockRejectedValueOnce(new Error("unreachable"));
    expect((await ada.call("veo_get_usage")).structuredContent).toMatchObject({
      today: { generations: 1 },
      limits: [],
      note: expect.stringContaining("cannot be asked"),
    });
  });

  it("an object that died and lives again is reached by the next order", async () => {
    await ada.order({ prompt: "[sync] a heron" });
    await limited.world.advance(1);
    await expect(runInDurableObject(budgetStub(), (_, state) => state.abort("died"))).rejects.toThrow("died");
    expect(await ada.order()).toMatchObject({ structuredContent: { state: "processing" } });
    expect(await limited.budget()).toEqual({ ...NOTHING, inFlight: 1, generations: 2 });
  });
});
