import fc from "fast-check";
import { expect, it } from "vitest";
import {
  backoffMs,
  echoAtMs,
  firstLookAtMs,
  GRID_MS,
  nextLookAtMs,
  nextReconcileAtMs,
  type Pace,
  searchRetryAtMs,
} from "../../src/ledger/schedule.ts";
import { NOW_MS } from "./arbitraries.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const pace = fc.constantFrom<Pace>("usual", "stretched");
/** Mostly of the last day, where the schedule decides something; clocks may be wrong by years. */
const around = fc.oneof(
  fc.integer({ min: NOW_MS - DAY - MINUTE, max: NOW_MS + MINUTE }),
  fc.integer({ min: NOW_MS - 5000 * DAY, max: NOW_MS + 5000 * DAY }),
);

it("the next look is later than now, on the grid, and soon, whenever a task is said to have been made", () => {
  fc.assert(
    fc.property(around, pace, (createdAtMs, pace) => {
      const nextMs = nextLookAtMs(createdAtMs, NOW_MS, pace);
      if (nextMs === null) {
        expect(NOW_MS - createdAtMs).toBeGreaterThanOrEqual(DAY);
        return;
      }
      expect(nextMs).toBeGreaterThan(NOW_MS);
      expect(nextMs).toBeLessThanOrEqual(NOW_MS + 10 * MINUTE + GRID_MS);
      expect(nextMs % GRID_MS).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

it("the first look is on the grid, and no earlier than it may be", () => {
  fc.assert(
    fc.property(around, pace, (createdAtMs, pace) => {
      const afterMs = firstLookAtMs(createdAtMs, pace) - createdAtMs;
      const leastMs = pace === "usual" ? 15 * SECOND : 2 * MINUTE;
      expect(afterMs).toBeGreaterThanOrEqual(leastMs);
      expect(afterMs).toBeLessThan(leastMs + GRID_MS);
      expect((createdAtMs + afterMs) % GRID_MS).toBe(0);
    }),
  );
});

it("a look after a ring is later than now, and none is left ten seconds after it", () => {
  fc.assert(
    fc.property(fc.integer({ min: -MINUTE, max: MINUTE }), (afterMs) => {
      const nextMs = echoAtMs(NOW_MS, NOW_MS + afterMs);
      if (nextMs === null) expect(afterMs).toBeGreaterThanOrEqual(10 * SECOND);
      else expect(nextMs).toBeGreaterThan(NOW_MS + afterMs);
    }),
  );
});

it("the next search is later than now, at most ten minutes away, and after a day there is one only to settle an absence", () => {
  const sinceMs = fc.oneof(fc.nat({ max: 20 * MINUTE }), fc.nat({ max: 2 * DAY }));
  fc.assert(
    fc.property(sinceMs, fc.option(fc.nat({ max: DAY })), (elapsedMs, absentForMs) => {
      const absentAtMs = absentForMs === null ? null : NOW_MS - Math.min(absentForMs, elapsedMs);
      const nextMs = nextReconcileAtMs(NOW_MS - elapsedMs, NOW_MS, absentAtMs);
      if (nextMs === null) {
        expect(elapsedMs).toBeGreaterThanOrEqual(DAY);
        return;
      }
      if (absentAtMs === null) expect(elapsedMs).toBeLessThan(DAY);
      expect(nextMs).toBeGreaterThan(NOW_MS);
      expect(nextMs).toBeLessThanOrEqual(NOW_MS + 10 * MINUTE);
    }),
    { numRuns: 1000 },
  );
});

it("a search that failed is made again 5 s to 5 min later, and the later the longer it has been going on", () => {
  fc.assert(
    fc.property(fc.nat({ max: 8 * DAY }), fc.nat({ max: DAY }), (elapsedMs, moreMs) => {
      const waitMs = (ms: number) => searchRetryAtMs(NOW_MS - ms, NOW_MS) - NOW_MS;
      expect(waitMs(elapsedMs)).toBeGreaterThanOrEqual(5 * SECOND);
      expect(waitMs(elapsedMs)).toBeLessThanOrEqual(5 * MINUTE);
      expect(waitMs(elapsedMs + moreMs)).toBeGreaterThanOrEqual(waitMs(elapsedMs));
    }),
  );
});

it("the upstream is left alone for longer after more failures, between 4 s and 5 min, and never shorter than it says", () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      random,
      random,
      fc.nat({ max: 86_400 }),
      (failures, a, b, said) => {
        expect(backoffMs(failures, a)).toBeGreaterThanOrEqual(4 * SECOND);
        expect(backoffMs(failures, a)).toBeLessThanOrEqual(5 * MINUTE);
        expect(backoffMs(failures + 1, a)).toBeGreaterThanOrEqual(backoffMs(failures, a));
        expect(backoffMs(failures, Math.min(a, b))).toBeGreaterThanOrEqual(
          backoffMs(failures, Math.max(a, b)),
        );
        expect(backoffMs(failures, a, said)).toBe(Math.max(backoffMs(failures, a), said * SECOND));
      },
    ),
  );
});
