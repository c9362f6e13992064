import { afterEach, describe, expect, it, vi } from "vitest";
import { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { UsageStore } from "../../src/ledger/usage-store.ts";
import { createTeamWithVideos, leaked } from "../auth/team-with-videos.ts";
import { LANES } from "../clients.ts";
import { createLimited, type Limited } from "./limited.ts";

const DAY_MS = 86_400_000;
const VIDEO = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
const NOTHING = { generations: 0, credits: 0, unpriced: 0, by: [] };

describe("veo_get_usage", () => {
  let limited: Limited;
  afterEach(() => limited.world.end());

  const usageOf = async (person = limited.people[0]) =>
    (await person.call("veo_get_usage")).structuredContent;

  it("tells what was ordered by tool and model, and adds up what has a price", async () => {
    limited = await createLimited({ VEO_PRICES: '{"text2video:veo31-fast":0.1,"reshoot":0.2}' });
    const [ada, bob] = limited.people;
    expect(await usageOf()).toEqual({ today: NOTHING, last_30_days: NOTHING, in_flight: 0, limits: [] });
    await ada.order();
    await ada.order({ prompt: "another" });
    await ada.order({ prompt: "a better one", model: "veo31" });
    await ada.call("veo_reshoot", { video_id: VIDEO, motion_type: "UP" });
    await ada.call("veo_extend_video", { video_id: VIDEO, model: "veo31" });
    await bob.order();
    const today = {
      generations: 5,
      // 0.1 + 0.1 + 0.2 + 12, without crumbs.
      credits: 12.4,
      unpriced: 1,
      by: [
        { tool: "veo_text_to_video", model: "veo31-fast", generations: 2, credits: 0.2, unpriced: 0 },
        { tool: "veo_extend_video", model: "veo31", generations: 1, credits: 12, unpriced: 0 },
        { tool: "veo_reshoot", generations: 1, credits: 0.2, unpriced: 0 },
        { tool: "veo_text_to_video", model: "veo31", generations: 1, credits: 0, unpriced: 1 },
      ],
    };
    expect(await usageOf()).toEqual({ today, last_30_days: today, in_flight: 5, limits: [] });
    expect(await usageOf(bob)).toMatchObject({ today: { generations: 1, credits: 0.1 } });
    // A price that changes does not change what was.
    await limited.redeploy({ VEO_PRICES: '{"text2video:veo31-fast":7}' });
    expect(await usageOf()).toMatchObject({ today: { credits: 12.4 } });
  });

  it("counts days of UTC, thirty of them, and however short tasks are kept", async () => {
    limited = await createLimited({ TASK_RETENTION_DAYS: "1" });
    const [ada] = limited.people;
    const { world } = limited;
    const spent = async () => {
      const usage = await usageOf();
      return [usage?.today, usage?.last_30_days].map((part) => Object(part).generations);
    };
    await ada.order();
    // A day of its own in which what was ordered cost nothing must not hide the others.
    await world.advance(DAY_MS);
    await ada.order({ prompt: "[reject] a heron" });
    expect(await spent()).toEqual([0, 1]);
    world.skip(27 * DAY_MS);
    await ada.order();
    await world.advance(60_000);
    expect((await ada.call("veo_list_tasks")).structuredContent).toMatchObject({ count: 1 });
    expect(await spent()).toEqual([1, 2]);
    world.skip(DAY_MS - 61_000);
    expect(await spent()).toEqual([1, 2]);
    world.skip(1000 + 60_000);
    expect(await spent()).toEqual([0, 2]);
    world.skip(DAY_MS - 120_000);
    expect(await spent()).toEqual([0, 2]);
    world.skip(60_000);
    expect(await spent()).toEqual([0, 1]);
    expect((await ada.rows()).usage).toBe(2);
    world.skip(20 * DAY_MS);
    await ada.order();
    expect((await ada.rows()).usage).toBe(2);
  });

  it("takes back what was never charged on the day it was ordered, though that is over", async () => {
    limited = await createLimited({ DAILY_GENERATION_LIMIT: "1" });
    const [ada] = limited.people;
    const { world } = limited;
    world.skip(DAY_MS - 5 * 60_000);
    world.simulator.inject({ kind: "drop", match: "paid" });
    await ada.order();
    await world.advance(6 * 60_000);
    await ada.order({ prompt: "the next day's" });
    expect(await usageOf()).toMatchObject({ today: { generations: 1 }, last_30_days: { generations: 2 } });
    await world.advance(15 * 60_000);
    expect(await usageOf()).toMatchObject({
      today: { generations: 1 },
      last_30_days: { generations: 1 },
      limits: [{ limit: "DAILY_GENERATION_LIMIT", used: 1, left: 0, resets_at: "2035-01-03T00:00:00.000Z" }],
    });
  });

  it("tells what is left of every limit that is set", async () => {
    limited = await createLimited({
      MAX_TASKS_IN_FLIGHT: "5",
      DAILY_GENERATION_LIMIT: "10",
      TEAM_MAX_TASKS_IN_FLIGHT: "7",
      TEAM_DAILY_GENERATION_LIMIT: "20",
      MAX_CREDITS_PER_DAY: "0.3",
      VEO_PRICES: '{"text2video:veo31-fast":0.1}',
    });
    const resets_at = "2035-01-02T00:00:00.000Z";
    await limited.people[0].order();
    await limited.people[1].order();
    expect((await usageOf())?.limits).toEqual([
      { limit: "MAX_TASKS_IN_FLIGHT", used: 1, allowed: 5, left: 4 },
      { limit: "DAILY_GENERATION_LIMIT", used: 1, allowed: 10, left: 9, resets_at },
      { limit: "TEAM_MAX_TASKS_IN_FLIGHT", used: 2, allowed: 7, left: 5 },
      { limit: "TEAM_DAILY_GENERATION_LIMIT", used: 2, allowed: 20, left: 18, resets_at },
      { limit: "MAX_CREDITS_PER_DAY", used: 0.2, allowed: 0.3, left: 0.1, resets_at },
    ]);
  });

  it("costs the upstream nothing, and changes nothing", async () => {
    limited = await createLimited({ TEAM_MAX_TASKS_IN_FLIGHT: "7", MAX_TASKS_IN_FLIGHT: "5" });
    const [ada] = limited.people;
    await ada.order();
    const { requests } = limited.world.simulator;
    const [asked, rows, first] = [requests.length, await ada.rows(), await usageOf()];
    expect(await usageOf()).toEqual(first);
    expect(requests).toHaveLength(asked);
    expect(await ada.rows()).toEqual(rows);
  });

  it("and all of the limits cost no request and no row where none is set", async () => {
    const asked = (["reserve", "settle", "status"] as const).map((method) =>
      vi.spyOn(DeploymentBudget.prototype, method),
    );
    const counted = [
      vi.spyOn(TaskStore.prototype, "unsettled"),
      vi.spyOn(TaskStore.prototype, "countInFlight"),
      vi.spyOn(UsageStore.prototype, "generationsSince"),
    ];
    limited = await createLimited({});
    const [ada] = limited.people;
    await ada.order();
    await ada.order({ prompt: "[reject] a heron" });
    await limited.world.advance(2 * 60_000);
    for (const method of [...asked, ...counted]) expect(method).not.toHaveBeenCalled();
    await usageOf();
    for (const method of asked) expect(method).not.toHaveBeenCalled();
    // The one row of the day, which the usage is told from.
    expect((await ada.rows()).usage).toBe(1);
    const settlements = await limited.world.inObject(
      (_, { storage }) => storage.sql.exec("SELECT DISTINCT settlement FROM task").toArray(),
      ada.account,
    );
    expect(settlements).toEqual([{ settlement: null }]);
    expect(await limited.world.nextWorkMs(ada.account)).toBeNull();
  });
});

describe.each(LANES)("veo_get_usage of a team, $lane", ({ connect }) => {
  it("tells a member their own usage and everybody's limits, and nothing of what others make", async () => {
    const limits = { TEAM_DAILY_GENERATION_LIMIT: "50", DAILY_GENERATION_LIMIT: "10" };
    const { team, members, end } = await createTeamWithVideos(connect, limits);
    for (const member of members) {
      const answer = await team.world.until(member.client.callTool("veo_get_usage"), 0);
      expect(answer.structuredContent).toMatchObject({
        today: { generations: 2, by: [{ tool: "veo_text_to_video", generations: 2 }] },
        in_flight: 1,
        limits: [
          { limit: "DAILY_GENERATION_LIMIT", used: 2, left: 8 },
          { limit: "TEAM_DAILY_GENERATION_LIMIT", used: 6, left: 44 },
        ],
      });
      for (const other of members) expect(leaked(answer, other)).toEqual([]);
      expect(JSON.stringify(answer)).not.toMatch(/github-|service/);
    }
    await end();
  });
});
