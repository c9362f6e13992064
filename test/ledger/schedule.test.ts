import { describe, expect, it } from "vitest";
import {
  backoffMs,
  echoAtMs,
  firstLookAtMs,
  LOOK_INTERVALS,
  nextLookAtMs,
  nextReconcileAtMs,
  type Pace,
} from "../../src/ledger/schedule.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe("when a task is looked at", () => {
  it.each<[Pace, number, number]>([
    ["usual", 0, 15 * SECOND],
    ["usual", 1, 20 * SECOND],
    ["usual", 4999, 20 * SECOND],
    ["usual", 5000, 20 * SECOND],
    ["stretched", 0, 2 * MINUTE],
    ["stretched", 1, 2 * MINUTE + 5 * SECOND],
    ["stretched", 5000, 2 * MINUTE + 5 * SECOND],
  ])(
    "first (%s), after submission at %i ms, at %i ms: rounded up to the grid",
    (pace, createdAtMs, expected) => {
      expect(firstLookAtMs(createdAtMs, pace)).toBe(expected);
    },
  );

  it.each<[Pace, number, number]>([
    ["usual", 15 * SECOND, 10 * SECOND],
    ["usual", 3 * MINUTE - SECOND * 5, 10 * SECOND],
    ["usual", 3 * MINUTE, 20 * SECOND],
    ["usual", 10 * MINUTE - SECOND * 5, 20 * SECOND],
    ["usual", 10 * MINUTE, MINUTE],
    ["usual", HOUR - SECOND * 5, MINUTE],
    ["usual", HOUR, 10 * MINUTE],
    ["usual", 24 * HOUR - SECOND * 5, 10 * MINUTE],
    ["stretched", 2 * MINUTE, 2 * MINUTE],
    ["stretched", 10 * MINUTE - SECOND * 5, 2 * MINUTE],
    ["stretched", 10 * MINUTE, 5 * MINUTE],
    ["stretched", HOUR - SECOND * 5, 5 * MINUTE],
    ["stretched", HOUR, 10 * MINUTE],
    ["stretched", 24 * HOUR - SECOND * 5, 10 * MINUTE],
  ])("%s, at the age of %i ms, again after %i ms", (pace, ageMs, everyMs) => {
    expect(nextLookAtMs(0, ageMs, pace)).toBe(ageMs + everyMs);
  });

  describe.each<Pace>(["usual", "stretched"])("%s", (pace) => {
    it("not any more after a day", () => expect(nextLookAtMs(0, 24 * HOUR, pace)).toBeNull());

    it("later than now, on the grid, and never much later than the table says, whenever it was made and asked", () => {
      for (const createdAtMs of [0, 1, 2500, 4999])
        for (let ageMs = 0; ageMs < 24 * HOUR; ageMs += ageMs < HOUR ? 1234 : 123_456) {
          const nowMs = createdAtMs + ageMs;
          const nextMs = nextLookAtMs(createdAtMs, nowMs, pace) ?? 0;
          const everyMs = LOOK_INTERVALS[pace].find(({ untilAgeMs }) => ageMs < untilAgeMs)?.everyMs ?? 0;
          const mostMs = Math.max(nowMs + everyMs, firstLookAtMs(createdAtMs, pace));
          expect([nextMs > nowMs, nextMs % 5000, nextMs <= mostMs]).toEqual([true, 0, true]);
        }
    });
  });

  it("never more often where a ring is expected", () => {
    for (let ageMs = 0; ageMs < 24 * HOUR; ageMs += 5 * SECOND) {
      const [usual, stretched] = [nextLookAtMs(0, ageMs, "usual"), nextLookAtMs(0, ageMs, "stretched")];
      expect(stretched ?? 0).toBeGreaterThanOrEqual(usual ?? 0);
    }
  });

  it("does not lose a slot of the grid because a look was late by less than one", () => {
    expect(nextLookAtMs(0, 20 * SECOND + 900, "usual")).toBe(30 * SECOND);
  });

  it("never sooner than the first look, however early somebody asked", () => {
    expect(nextLookAtMs(0, SECOND, "usual")).toBe(15 * SECOND);
    expect(nextLookAtMs(0, SECOND, "stretched")).toBe(2 * MINUTE);
  });
});

describe("when a task is looked at again after a ring that came too early", () => {
  it.each([
    [0, 2000],
    [1999, 2000],
    [2000, 5000],
    [4000, 5000],
    [5000, 10_000],
    [9999, 10_000],
    [10_000, null],
    [60_000, null],
  ])("at %i ms after it, at %s ms", (afterMs, expected) => {
    expect(echoAtMs(7777, 7777 + afterMs)).toBe(expected === null ? null : 7777 + expected);
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

  it("longer each time all the same when it goes on asking for a second", () => {
    expect([1, 2, 3].map((failures) => backoffMs(failures, 0, 1))).toEqual([
      5 * SECOND,
      10 * SECOND,
      20 * SECOND,
    ]);
  });
});

describe("when a lost submission is searched for", () => {
  it.each<[lostAgoMs: number, absentAgoMs: number | null, inMs: number | null]>([
    [0, null, 5 * SECOND],
    [5 * SECOND, null, 25 * SECOND],
    [30 * SECOND, null, 90 * SECOND],
    [2 * MINUTE, null, 10 * MINUTE],
    [2 * MINUTE, 115 * SECOND, 485 * SECOND],
    [12 * MINUTE, 10 * MINUTE, 10 * MINUTE],
    [24 * HOUR - 1, null, 10 * MINUTE],
    [24 * HOUR, null, null],
    // It was missing at the first look after a day without any: the second one has to be waited for.
    [30 * HOUR, 0, 10 * MINUTE],
    [30 * HOUR, 10 * MINUTE, null],
  ])(
    "%i ms after it was lost, and %s after it was first missing: in %s ms",
    (lostAgoMs, absentAgoMs, inMs) => {
      const nowMs = 100 * HOUR;
      const absentAtMs = absentAgoMs === null ? null : nowMs - absentAgoMs;
      const nextMs = nextReconcileAtMs(nowMs - lostAgoMs, nowMs, absentAtMs);
      expect(nextMs === null ? null : nextMs - nowMs).toBe(inMs);
    },
  );
});
