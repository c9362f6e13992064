import { describe, expect, it } from "vitest";
import { backoffMs, firstLookAtMs, nextLookAtMs } from "../../src/ledger/schedule.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("when a task is looked at", () => {
  it.each([
    [0, 15 * SECOND],
    [1, 20 * SECOND],
    [4999, 20 * SECOND],
    [5000, 20 * SECOND],
  ])("first 15 s after submission at %i ms, rounded up to the grid", (createdAtMs, expected) => {
    expect(firstLookAtMs(createdAtMs, "usual")).toBe(expected);
  });

  it.each([
    [15 * SECOND, 10 * SECOND],
    [3 * MINUTE - SECOND * 5, 10 * SECOND],
    [3 * MINUTE, 20 * SECOND],
    [10 * MINUTE - SECOND * 5, 20 * SECOND],
    [10 * MINUTE, MINUTE],
    [HOUR - SECOND * 5, MINUTE],
    [HOUR, 10 * MINUTE],
    [24 * HOUR - SECOND * 5, 10 * MINUTE],
  ])("at the age of %i ms, again after %i ms", (ageMs, everyMs) => {
    expect(nextLookAtMs(0, ageMs, "usual")).toBe(ageMs + everyMs);
  });

  it("not any more after a day", () => expect(nextLookAtMs(0, 24 * HOUR, "usual")).toBeNull());

  it("does not lose a slot of the grid because a look was late by less than one", () => {
    expect(nextLookAtMs(0, 20 * SECOND + 900, "usual")).toBe(30 * SECOND);
  });

  it("never sooner than the first look, however early somebody asked", () => {
    expect(nextLookAtMs(0, SECOND, "usual")).toBe(15 * SECOND);
  });
});

describe("how long the upstream is left alone after trouble", () => {
  it.each([
    [1, 5 * SECOND],
    [2, 10 * SECOND],
    [3, 20 * SECOND],
    [6, 160 * SECOND],
    [7, 5 * MINUTE],
    [1000, 5 * MINUTE],
  ])("after %i failures at most %i ms, and with jitter at least 80 % of it", (failures, ms) => {
    expect(backoffMs(failures, 0)).toBe(ms);
    expect(backoffMs(failures, 1)).toBe(ms * 0.8);
  });

  it("as long as the upstream asked for, when it did", () => {
    expect(backoffMs(1, 1, 120)).toBe(2 * MINUTE);
  });
});
