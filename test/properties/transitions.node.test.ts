import fc from "fast-check";
import { expect, it } from "vitest";
import type { Verdict } from "../../src/ledger/lost-submissions.ts";
import { isOpen, type Task } from "../../src/ledger/task.ts";
import {
  accepted,
  adopted,
  afterFailedLook,
  afterLook,
  afterRing,
  afterSearch,
  cancelRequested,
  lost,
  refused,
} from "../../src/ledger/transitions.ts";
import { observeRecord } from "../../src/veo/observation.ts";
import { NOW_MS, record, submitted } from "./arbitraries.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

const observation = record.map(observeRecord).filter((seen) => seen !== undefined);
const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  observation.map((seen): Verdict => ({ kind: "found", seen })),
  fc.constantFrom<Verdict>({ kind: "absent" }, { kind: "undecidable" }),
);
/** Most often soon, sometimes past everything that is waited for. */
const pause = fc.oneof(fc.nat({ max: MINUTE }), fc.nat({ max: 20 * MINUTE }), fc.nat({ max: 2 * DAY }));
const heardAt = fc.option(fc.constant(NOW_MS));

type Event = (task: Task, nowMs: number) => Task;
const said = { code: "bad_request", message: "no" };
/** Everything that can happen to a task, in whatever order; but only one with an id can be looked at. */
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.tuple(fc.option(observation, { nil: undefined }), heardAt, fc.nat({ max: 9000 })).map(
    ([seen, heard, tookMs]): Event =>
      (task, nowMs) =>
        task.taskId === null ? task : afterLook(task, seen, nowMs, heard, nowMs - tookMs),
  ),
  fc.constant<Event>((task, nowMs) => afterFailedLook(task, nowMs)),
  fc.constant<Event>((task, nowMs) => afterRing(task, nowMs) ?? task),
  fc.constant<Event>((task, nowMs) => cancelRequested(task, nowMs)),
  heardAt.map(
    (heard): Event =>
      (task, nowMs) =>
        accepted(task, "t9", undefined, nowMs, heard),
  ),
  fc.constant<Event>((task, nowMs) => refused(task, said, nowMs)),
  fc.constant<Event>((task, nowMs) => lost(task, nowMs)),
  fc.tuple(verdict, heardAt).map(
    ([said, heard]): Event =>
      (task, nowMs) =>
        afterSearch(task, said, nowMs, heard),
  ),
  // What a query does to a task whose next look is far.
  fc.constant<Event>((task, nowMs) =>
    task.state === "submitting" || task.state === "failed" ? task : { ...task, nextCheckAtMs: nowMs },
  ),
);
const history = fc.record({
  first: fc.oneof(
    fc.option(fc.constant(0)).map((rings) => submitted(0, NOW_MS, { rings, idempotencyKey: "key" })),
    observation.map((seen) => adopted(seen, "sub_1", 1, NOW_MS)),
  ),
  events: fc.array(fc.tuple(event, pause), { maxLength: 12 }),
});

/** Calls `check` with every two tasks that follow one another. */
function live(first: Task, events: [Event, number][], check: (before: Task, after: Task) => void): void {
  let [task, nowMs] = [first, NOW_MS];
  for (const [happen, pauseMs] of events) {
    nowMs += pauseMs;
    const after = happen(task, nowMs);
    check(task, after);
    task = after;
  }
}
const always = (check: (before: Task, after: Task) => void) =>
  fc.assert(
    fc.property(history, ({ first, events }) => live(first, events, check)),
    { numRuns: 1000 },
  );

const FINAL = ["succeeded", "failed"];

it("no sequence of events takes a task out of a terminal state, or its video from it", () => {
  always((before, after) => {
    if (!FINAL.includes(before.state)) return;
    expect(after.state).toBe(before.state);
    expect(after.error).toEqual(before.error);
    expect(after.finishedAtMs).toBe(before.finishedAtMs);
    if (before.videos.length > 0) expect(after.videos).not.toEqual([]);
  });
});

it("whatever happens, a task stays the one that was paid for", () => {
  always((before, after) => {
    const lasting = ({ position, submissionId, request, createdAtMs, credits, requestHash }: Task) => ({
      position,
      submissionId,
      request,
      createdAtMs,
      credits,
      requestHash,
    });
    expect(lasting(after)).toEqual(lasting(before));
    if (before.taskId !== null) expect(after.taskId).toBe(before.taskId);
    if (before.tool !== null) expect(after.tool).toBe(before.tool);
    if (before.settledAtMs !== null) expect(after.settledAtMs).toBe(before.settledAtMs);
    if (before.cancelRequested) expect(after.cancelRequested).toBe(true);
    // Its key is free again only where nothing was paid.
    if (before.idempotencyKey !== null && after.idempotencyKey === null)
      expect([after.state, after.taskId]).toEqual(["failed", null]);
  });
});

it("an open task is always due one day, and one that was never given an id is never watched with one", () => {
  always((_, after) => {
    if (isOpen(after)) expect(after.nextCheckAtMs).not.toBeNull();
    if (after.state === "processing") expect(after.taskId).not.toBeNull();
    if (after.state === "failed") expect(after.nextCheckAtMs).toBeNull();
  });
});

it("a task of which the upstream says nothing new is given up within 26 hours, and each look is later than the last", () => {
  const silent = fc.record({
    task: fc.oneof(
      fc.constant(accepted(submitted(0, NOW_MS), "t1", undefined, NOW_MS + 900, null)),
      fc.constant(accepted(submitted(0, NOW_MS, { rings: 0 }), "t1", undefined, NOW_MS + 900, NOW_MS)),
      observation.filter((seen) => seen.kind === "pending").map((seen) => adopted(seen, "sub_1", 1, NOW_MS)),
    ),
    lateMs: fc.array(fc.nat({ max: 9000 }), { minLength: 1 }),
    ringsAfterMs: fc.array(fc.nat({ max: DAY }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(silent, ({ task: first, lateMs, ringsAfterMs }) => {
      let [task, nowMs, looks] = [first, NOW_MS, 0];
      const rings = ringsAfterMs.map((ms) => NOW_MS + ms).sort((a, b) => a - b);
      while (task.nextCheckAtMs !== null) {
        const ringAtMs = rings[0] ?? Number.POSITIVE_INFINITY;
        const lookAtMs = Math.max(task.nextCheckAtMs, nowMs) + (lateMs[looks % lateMs.length] ?? 0);
        if (ringAtMs < lookAtMs) {
          rings.shift();
          nowMs = Math.max(nowMs, ringAtMs);
          task = afterRing(task, nowMs) ?? task;
          continue;
        }
        nowMs = lookAtMs;
        task = afterLook(task, undefined, nowMs, NOW_MS);
        looks += 1;
        expect(task.nextCheckAtMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(nowMs);
      }
      expect(task.state).toBe("unknown");
      expect(nowMs).toBeLessThanOrEqual(NOW_MS + DAY + 130 * MINUTE);
      expect(looks).toBeLessThan(450);
    }),
    { numRuns: 200 },
  );
});

it("a lost submission is searched for a day at most, and failed only when it was absent twice, ten minutes apart", () => {
  const searches = fc.record({
    rings: fc.constantFrom(null, 0),
    verdicts: fc.infiniteStream(fc.constantFrom<Verdict>({ kind: "absent" }, { kind: "undecidable" })),
    share: fc.nat({ max: 100 }),
    lateMs: fc.nat({ max: 9000 }),
  });
  fc.assert(
    fc.property(searches, ({ rings, verdicts, lateMs }) => {
      let [task, nowMs] = [lost(submitted(0, NOW_MS, { rings }), NOW_MS), NOW_MS];
      const absentAtMs: number[] = [];
      while (task.nextCheckAtMs !== null) {
        expect(task.nextCheckAtMs).toBeGreaterThan(nowMs);
        nowMs = task.nextCheckAtMs + lateMs;
        const said: Verdict = verdicts.next().value;
        if (said.kind === "absent") absentAtMs.push(nowMs);
        else absentAtMs.length = 0;
        task = afterSearch(task, said, nowMs, null);
        const [firstMs = nowMs] = absentAtMs;
        expect(task.state === "failed").toBe(nowMs - firstMs >= 10 * MINUTE);
      }
      expect(["failed", "unknown"]).toContain(task.state);
      expect(nowMs).toBeLessThanOrEqual(NOW_MS + DAY + 11 * MINUTE);
    }),
    { numRuns: 300 },
  );
});
