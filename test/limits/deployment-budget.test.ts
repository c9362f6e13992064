import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
import type { Variables } from "../../src/config/variables.ts";
import { createWorld, type World } from "../world.ts";
import { budgetStub } from "./limited.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2035, 0, 1, 12);
const NOTHING = { inFlight: 0, generations: 0, credits: 0 };
const OK = { ok: true };

const inBudget = <T>(ask: (budget: DeploymentBudget) => T | Promise<T>) =>
  runInDurableObject(budgetStub(), ask);
const reserve = (submissionId: string, credits: number | null = 1) =>
  inBudget((budget) => budget.reserve({ submissionId, credits }));
const settle = (submissionId: string, isCharged: boolean) =>
  inBudget((budget) => budget.settle([{ submissionId, isCharged }]));
const status = () => inBudget((budget) => budget.status());
const rows = () =>
  runInDurableObject(budgetStub(), (_, { storage }) =>
    ["reservation", "day"].map(
      (table) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
    ),
  );

let world: World;
const begin = (deployment: Variables) => {
  world = createWorld({ deployment });
  vi.setSystemTime(START_MS);
};
afterEach(() => world.end());

describe("the object that counts for the whole deployment", () => {
  beforeEach(() =>
    begin({ TEAM_MAX_TASKS_IN_FLIGHT: "2", TEAM_DAILY_GENERATION_LIMIT: "4", MAX_CREDITS_PER_DAY: "3" }),
  );

  it("counts a reservation once, and an ending once, however often it is told", async () => {
    expect(await reserve("a")).toEqual(OK);
    expect(await reserve("a")).toEqual(OK);
    expect(await status()).toEqual({ inFlight: 1, generations: 1, credits: 1 });
    await settle("a", true);
    await settle("a", true);
    await settle("a", false);
    expect(await status()).toEqual({ inFlight: 0, generations: 1, credits: 1 });
    expect(await reserve("b")).toEqual(OK);
    await settle("b", false);
    await settle("b", false);
    expect(await status()).toEqual({ inFlight: 0, generations: 1, credits: 1 });
  });

  it("remembers, though it is evicted between any two", async () => {
    await reserve("a");
    await evictDurableObject(budgetStub());
    expect(await status()).toEqual({ inFlight: 1, generations: 1, credits: 1 });
    await evictDurableObject(budgetStub());
    await settle("a", false);
    await evictDurableObject(budgetStub());
    expect(await status()).toEqual(NOTHING);
  });

  it("takes no reservation that was given back before it came, and knows nothing of a charge of others", async () => {
    await settle("late", false);
    await settle("foreign", true);
    expect(await reserve("late")).toMatchObject({ ok: false, kind: "unreachable" });
    expect(await status()).toEqual(NOTHING);
  });

  it("says the first limit in the way: how much is used, and of what", async () => {
    expect(await reserve("a", 0.1)).toEqual(OK);
    expect(await reserve("b", 0.2)).toEqual(OK);
    expect(await reserve("c")).toMatchObject({
      reached: { limit: "TEAM_MAX_TASKS_IN_FLIGHT", used: 2, allowed: 2, resetsAtMs: null },
    });
    await settle("a", true);
    await settle("b", true);
    const resetsAtMs = Date.UTC(2035, 0, 2);
    expect(await reserve("c", 2.7001)).toMatchObject({
      reached: { limit: "MAX_CREDITS_PER_DAY", used: 0.3, allowed: 3, needed: 2.7001, resetsAtMs },
    });
    // 0.1 + 0.2 + 2.7 is 3.
    expect(await reserve("c", 2.7)).toEqual(OK);
    await settle("c", true);
    expect(await reserve("d", 0)).toEqual(OK);
    await settle("d", true);
    expect(await reserve("e", 0)).toMatchObject({
      reached: { limit: "TEAM_DAILY_GENERATION_LIMIT", used: 4, allowed: 4, resetsAtMs },
    });
  });

  it("gives back on the day that it was reserved on", async () => {
    await reserve("a");
    vi.setSystemTime(Date.UTC(2035, 0, 2));
    await reserve("b");
    await settle("a", false);
    expect(await status()).toEqual({ inFlight: 1, generations: 1, credits: 1 });
    vi.setSystemTime(START_MS);
    expect(await status()).toEqual({ ...NOTHING, inFlight: 1 });
  });

  it("does not hold a place for ever for an account that was lost, nor keep rows", async () => {
    await reserve("a");
    await reserve("b");
    vi.setSystemTime(START_MS + 26 * HOUR_MS);
    expect(await status()).toMatchObject({ inFlight: 2 });
    vi.setSystemTime(START_MS + 26 * HOUR_MS + 1);
    expect(await reserve("c")).toEqual(OK);
    expect(await status()).toMatchObject({ inFlight: 1, generations: 1 });
    expect(await rows()).toEqual([3, 2]);
    vi.setSystemTime(START_MS + 30 * 24 * HOUR_MS);
    await reserve("d");
    expect(await rows()).toEqual([1, 1]);
    // Whoever comes back then changes nothing.
    await settle("a", true);
    await settle("b", false);
    expect(await status()).toEqual({ inFlight: 1, generations: 1, credits: 1 });
  });
});

describe("the object that counts for a deployment with other limits", () => {
  it.each([
    ["a price that nobody knows, where prices matter", {}, null],
    ["anything, while the deployment is not configured", { MAX_CREDITS_PER_DAY: "a lot" }, 1],
  ])("fails closed for %s", async (_title, variables, credits) => {
    begin({ MAX_CREDITS_PER_DAY: "3", ...variables });
    expect(await reserve("a", credits)).toEqual({ ok: false, kind: "unreachable" });
    expect(await status()).toEqual(NOTHING);
  });

  it("allows nothing with credits of 0, what is free neither", async () => {
    begin({ MAX_CREDITS_PER_DAY: "0" });
    expect(await reserve("a", 0)).toMatchObject({ reached: { limit: "MAX_CREDITS_PER_DAY", allowed: 0 } });
    expect(await status()).toEqual(NOTHING);
  });

  it("counts without asking for prices where they do not matter", async () => {
    begin({ TEAM_DAILY_GENERATION_LIMIT: "1" });
    expect(await reserve("a", null)).toEqual(OK);
    expect(await reserve("b", null)).toMatchObject({ reached: { used: 1, allowed: 1 } });
  });
});
