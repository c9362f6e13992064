import { afterEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { errorOf } from "../payers/payer.ts";
import { createLimited, type Limited, type Person } from "./limited.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The world begins at 0:00 UTC on the first of January. */
const TOMORROW = "2035-01-02T00:00:00.000Z";
const PRICES = JSON.stringify({ "text2video:veo31-fast": 0.1 });

interface Case {
  limits: Variables;
  name: string;
  /** How many are ordered, and by how many people. */
  passes: number;
  isShared: boolean;
  says: string[];
}

const IN_FLIGHT = ["3 of 3 are in the making", "veo_get_task"];
const OF_THE_DAY = [`It resets at ${TOMORROW}`, "veo_get_usage"];
const CASES: Case[] = [
  {
    limits: { MAX_TASKS_IN_FLIGHT: "3" },
    name: "MAX_TASKS_IN_FLIGHT",
    passes: 3,
    isShared: false,
    says: IN_FLIGHT,
  },
  {
    limits: { TEAM_MAX_TASKS_IN_FLIGHT: "3" },
    name: "TEAM_MAX_TASKS_IN_FLIGHT",
    passes: 3,
    isShared: true,
    says: [...IN_FLIGHT, "of everybody on this server"],
  },
  {
    limits: { DAILY_GENERATION_LIMIT: "3" },
    name: "DAILY_GENERATION_LIMIT",
    passes: 3,
    isShared: false,
    says: ["3 of 3.", ...OF_THE_DAY],
  },
  {
    limits: { TEAM_DAILY_GENERATION_LIMIT: "3" },
    name: "TEAM_DAILY_GENERATION_LIMIT",
    passes: 3,
    isShared: true,
    says: ["3 of 3, for everybody on this server", ...OF_THE_DAY],
  },
  {
    // Three times a tenth is more than three tenths, in binary fractions.
    limits: { MAX_CREDITS_PER_DAY: "0.3", VEO_PRICES: PRICES },
    name: "MAX_CREDITS_PER_DAY",
    passes: 3,
    isShared: true,
    says: ["0.3 of 0.3 credits, and this costs 0.1, for everybody on this server", ...OF_THE_DAY],
  },
];
const OF_A_DAY = CASES.filter(({ name }) => !name.endsWith("IN_FLIGHT"));

const codesOf = (answers: Awaited<ReturnType<Person["order"]>>[]) =>
  answers.map((answer) => (answer.isError ? errorOf(answer) : "ordered"));
const count = <T>(values: T[], value: T) => values.filter((other) => other === value).length;

describe.each(CASES)("$name", ({ limits, name, passes, isShared, says }) => {
  let limited: Limited;
  afterEach(() => limited.world.end());

  it("lets so many through and refuses the next, which is not sent and leaves no row", async () => {
    limited = await createLimited(limits);
    const { world, people } = limited;
    const [ada, bob] = people;
    for (let n = 0; n < passes; n += 1)
      expect(await (isShared && n === 0 ? bob : ada).order(), String(n)).toMatchObject({
        structuredContent: { state: "processing" },
      });
    const usage = async () => (await ada.call("veo_get_usage")).structuredContent;
    const [before, usageBefore] = [await ada.rows(), await usage()];
    const budgetBefore = await limited.budget();
    const refused = await ada.order({ prompt: "one too many", idempotency_key: "k" });
    expect(refused).toMatchObject({ isError: true });
    expect(refused).not.toHaveProperty("structuredContent");
    const all = name === "MAX_CREDITS_PER_DAY" ? 0.3 : passes;
    expect(errorOf(refused)).toMatchObject({
      code: "limit_reached",
      retryable: true,
      limit: name,
      used: all,
      allowed: all,
      ...(!name.endsWith("IN_FLIGHT") && { resets_at: TOMORROW }),
    });
    const [{ text = "" } = {}] = refused.content;
    for (const words of [name, "Nothing was sent.", ...says]) expect(text).toContain(words);
    expect(text.split("\n")).toHaveLength(2);
    expect(world.paidCalls()).toBe(passes);
    expect(await ada.rows()).toEqual(before);
    expect(await usage()).toEqual(usageBefore);
    expect(await limited.budget()).toEqual(budgetBefore);
    expect((await ada.call("veo_list_tasks", { query: "many" })).structuredContent).toMatchObject({
      count: 0,
    });
    // A limit of an account is not the limit of the next one.
    expect(codesOf([await bob.order()])).toEqual([
      isShared ? expect.objectContaining({ code: "limit_reached" }) : "ordered",
    ]);
  });

  it("holds when two people order ten at once", async () => {
    limited = await createLimited(limits);
    const { world, people } = limited;
    const orders = people.flatMap((person, who) =>
      Array.from({ length: 10 }, (_, n) => person.order({ prompt: `heron ${who} ${n}` })),
    );
    const codes = codesOf(await Promise.all(orders));
    const allowed = isShared ? passes : passes * people.length;
    expect(count(codes, "ordered")).toBe(allowed);
    expect(world.paidCalls()).toBe(allowed);
    const kept = await Promise.all(people.map(async (person) => (await person.rows()).task));
    expect(kept.reduce((sum, n) => sum + n, 0)).toBe(allowed);
  });

  it("of 0 allows nothing, and says that waiting does not help", async () => {
    limited = await createLimited({ ...limits, [name]: "0" });
    const refused = await limited.people[0].order();
    expect(errorOf(refused)).toMatchObject({ code: "limit_reached", retryable: false });
    expect(refused.content[0]?.text).toContain(`${name} is 0`);
    expect(refused.content[0]?.text).not.toContain("resets");
    expect(limited.world.paidCalls()).toBe(0);
  });

  it("that is lowered holds for what is there already, and that is raised lets the next through", async () => {
    limited = await createLimited(limits);
    const [ada] = limited.people;
    for (let n = 0; n < passes; n += 1) await ada.order();
    await limited.redeploy({ ...limits, [name]: "0.1".slice(name.endsWith("CREDITS_PER_DAY") ? 0 : 2) });
    expect(errorOf(await ada.order())).toMatchObject({ code: "limit_reached" });
    expect((await ada.call("veo_get_usage")).structuredContent).toMatchObject({
      limits: [{ limit: name, left: 0 }],
    });
    await limited.redeploy({ ...limits, [name]: "100" });
    expect(codesOf([await ada.order()])).toEqual(["ordered"]);
  });
});

describe.each(OF_A_DAY)("$name", ({ limits, passes }) => {
  let limited: Limited;
  afterEach(() => limited.world.end());

  it("begins anew at midnight UTC, and not before", async () => {
    limited = await createLimited(limits);
    const { world, people } = limited;
    const [ada] = people;
    for (let n = 0; n < passes; n += 1) await ada.order();
    await world.advance(DAY_MS - 1000);
    expect(errorOf(await ada.order())).toMatchObject({ code: "limit_reached" });
    await world.advance(1000);
    for (let n = 0; n < passes; n += 1) expect(codesOf([await ada.order()])).toEqual(["ordered"]);
    const refused = await ada.order();
    expect(refused.content[0]?.text).toContain("2035-01-03T00:00:00.000Z");
    expect(world.paidCalls()).toBe(2 * passes);
  });
});
