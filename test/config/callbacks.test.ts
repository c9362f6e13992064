import { describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { configured, KEY, problemsOf, SECRET, TOKEN } from "./deployments.ts";

const OWN = { ...TOKEN, ...KEY };

describe("CALLBACKS", () => {
  it.each<[string, Variables, string]>([
    ["not set", OWN, "auto"],
    ["empty", { ...OWN, CALLBACKS: "" }, "auto"],
    ["auto, without a secret key: nothing rings", { ...OWN, CALLBACKS: "auto" }, "auto"],
    ["on, with one", { ...OWN, ...SECRET, CALLBACKS: "on" }, "on"],
    ["off, without one", { ...OWN, CALLBACKS: "off" }, "off"],
    ["off, with one", { ...OWN, ...SECRET, CALLBACKS: "off" }, "off"],
    [
      "on, where everybody pays for themselves",
      { AUTH_MODE: "passthrough", ...SECRET, CALLBACKS: "on" },
      "on",
    ],
  ])("%s, is fine", (_what, variables, expected) => {
    expect(configured(variables).callbacks).toBe(expected);
  });

  it.each<[string, Variables, RegExp]>([
    ["on, without a secret key", { ...OWN, CALLBACKS: "on" }, /^CALLBACKS cannot be `on` without SECRET_KEY/],
    [
      "on, with an empty one",
      { ...OWN, CALLBACKS: "on", SECRET_KEY: "" },
      /^CALLBACKS cannot be `on` without SECRET_KEY/,
    ],
    [
      "on, with one that is too short",
      { ...OWN, CALLBACKS: "on", SECRET_KEY: "value" },
      /^SECRET_KEY must be/,
    ],
    ["yes", { ...OWN, ...SECRET, CALLBACKS: "yes" }, /^CALLBACKS must be one of auto, on, off$/],
    ["in capitals", { ...OWN, ...SECRET, CALLBACKS: "ON" }, /^CALLBACKS must be one of auto, on, off$/],
    ["with a blank", { ...OWN, ...SECRET, CALLBACKS: " on" }, /^CALLBACKS must be one of auto, on, off$/],
  ])("%s, is a problem, which names no value", (_what, variables, problem) => {
    const problems = problemsOf(variables);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems[0]).not.toContain("value");
  });
});
