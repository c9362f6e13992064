import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/agent/settings.ts";
import type { Variables } from "../../src/config/variables.ts";
import { PRICES } from "../../src/veo/capabilities.ts";
import { PRICE_KEYS } from "../../src/veo/prices.ts";
import { KEY, problemsOf, TOKEN } from "./deployments.ts";

const NAMES = [
  "MAX_TASKS_IN_FLIGHT",
  "DAILY_GENERATION_LIMIT",
  "TEAM_MAX_TASKS_IN_FLIGHT",
  "TEAM_DAILY_GENERATION_LIMIT",
] as const;
const UNLIMITED = { inFlight: undefined, perDay: undefined };

const limitsOf = (variables: Variables) => {
  const settings = readSettings({ ...TOKEN, ...KEY, ...variables });
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings.configuration.limits;
};
const said = (variables: Variables) => problemsOf({ ...TOKEN, ...KEY, ...variables });

describe("limits that an owner sets", () => {
  it("are none where nothing is set, and the prices are the published ones", () => {
    const nothing = {
      account: UNLIMITED,
      deployment: { ...UNLIMITED, creditsPerDay: undefined },
      prices: PRICES,
    };
    expect(limitsOf({})).toEqual(nothing);
    const empty = Object.fromEntries(
      [...NAMES, "MAX_CREDITS_PER_DAY", "VEO_PRICES"].map((name) => [name, ""]),
    );
    expect(limitsOf(empty)).toEqual(nothing);
  });

  it("are read as they are written, 0 included", () => {
    expect(
      limitsOf({
        MAX_TASKS_IN_FLIGHT: "0",
        DAILY_GENERATION_LIMIT: "20",
        TEAM_MAX_TASKS_IN_FLIGHT: "30",
        TEAM_DAILY_GENERATION_LIMIT: "100000",
        MAX_CREDITS_PER_DAY: "12.3456",
      }),
    ).toMatchObject({
      account: { inFlight: 0, perDay: 20 },
      deployment: { inFlight: 30, perDay: 100_000, creditsPerDay: 12.3456 },
    });
  });

  it.each(
    NAMES.flatMap((name) => ["-1", "1.5", "many", "100001", "1e3", " ", "∞"].map((text) => [name, text])),
  )("%s cannot be %j", (name = "", text = "") => {
    const problems = said({ [name]: text });
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${name} must be .*(from 0 to|at most) 100000`)),
    ]);
  });

  it.each(["-1", "1e3", "a lot", "0.00001", "1,5", "NaN"])("MAX_CREDITS_PER_DAY cannot be %j", (text) => {
    expect(said({ MAX_CREDITS_PER_DAY: text })).toEqual([
      "MAX_CREDITS_PER_DAY must be a number of credits, such as 250 or 12.5",
    ]);
  });
});

describe("VEO_PRICES", () => {
  it("adds to the published prices, and replaces them", () => {
    const VEO_PRICES = '{ "text2video:veo31:4k": 30, "reshoot": 0, "extend:veo31": 11.5 }';
    expect(limitsOf({ VEO_PRICES }).prices).toEqual({
      ...PRICES,
      "text2video:veo31:4k": 30,
      reshoot: 0,
      "extend:veo31": 11.5,
    });
  });

  it("can name every price that is published, and no model for what it cannot do", () => {
    expect(PRICE_KEYS).toEqual(expect.arrayContaining(Object.keys(PRICES)));
    expect(new Set(PRICE_KEYS).size).toBe(PRICE_KEYS.length);
    for (const impossible of [
      "text2video:veo31-fast-ingredients",
      "image2video:veo31-fast-ingredients",
      "ingredients2video:veo31",
      "text2video:veo3:4k",
      "text2video:veo31:720p",
    ])
      expect(PRICE_KEYS).not.toContain(impossible);
  });

  it.each([
    ["{", ["VEO_PRICES must be JSON"]],
    ["text2video=12", ["VEO_PRICES must be JSON"]],
    ["[]", ["VEO_PRICES must be a JSON object"]],
    ["null", ["VEO_PRICES must be a JSON object"]],
    ["12", ["VEO_PRICES must be a JSON object"]],
    ['{"reshoot":-1}', ['VEO_PRICES must give "reshoot" a number of credits: not below 0']],
    ['{"reshoot":"1"}', ['VEO_PRICES must give "reshoot" a number of credits']],
    ['{"reshoot":null}', ['VEO_PRICES must give "reshoot" a number of credits']],
    ['{"reshoot":1e999}', ['VEO_PRICES must give "reshoot" a number of credits']],
    ['{"reshoot":0.00001}', ['VEO_PRICES must give "reshoot" a number of credits']],
    ['{"value-of-name":1}', ["VEO_PRICES has a name without a meaning; it may have text2video:veo31-fast, "]],
    ['{"__proto__":1}', ["VEO_PRICES has a name without a meaning"]],
    ['{"toString":1}', ["VEO_PRICES has a name without a meaning"]],
    [
      '{"value-of-name":1,"reshoot":-1,"objects":{}}',
      ["VEO_PRICES has a name", 'VEO_PRICES must give "reshoot"', 'VEO_PRICES must give "objects"'],
    ],
  ])("%j is a problem that is named, without what was written", (VEO_PRICES, beginnings) => {
    const problems = said({ VEO_PRICES });
    expect(problems).toEqual(beginnings.map((beginning) => expect.stringContaining(beginning)));
    expect(problems.join()).not.toMatch(/value-of|__proto__|-1/);
  });
});
