import { describe, expect, it } from "vitest";
import { AT_FIRST, type Task } from "../../src/ledger/task.ts";
import {
  accepted,
  adopted,
  afterFailedLook,
  afterLook,
  afterRing,
  lost,
  paceOf,
  refused,
  ringsComeThrough,
} from "../../src/ledger/transitions.ts";
import type { Observation } from "../../src/veo/observation.ts";

const processing: Task = {
  ...AT_FIRST,
  position: 1,
  submissionId: "sub_0",
  taskId: "t1",
  traceId: null,
  state: "processing",
  tool: "veo_text_to_video",
  request: { prompt: "a fox" },
  createdAtMs: 0,
  checkedAtMs: null,
  lookedAtMs: null,
  nextCheckAtMs: 20_000,
  rings: null,
  payerHash: null,
  credits: null,
  settlement: null,
  idempotencyKey: "key",
  requestHash: "hash",
};
const facts = { taskId: "t1", request: {} };
const pending: Observation = { ...facts, kind: "pending" };
const succeeded: Observation = {
  ...facts,
  kind: "succeeded",
  videos: [{ videoId: "v1", url: "https://cdn.test/1.mp4" }],
};
const failed: Observation = { ...facts, kind: "failed", code: "api_error", message: "no luck" };

describe("a task after a look", () => {
  it("that saw it pending is due again", () => {
    const after = afterLook(processing, pending, 20_000, null);
    expect(after).toMatchObject({
      state: "processing",
      checkedAtMs: 20_000,
      lookedAtMs: 20_000,
      nextCheckAtMs: 30_000,
    });
  });

  it("that said nothing of it is due again, and was not checked", () => {
    const after = afterLook(processing, undefined, 20_000, null);
    expect(after).toMatchObject({
      state: "processing",
      checkedAtMs: null,
      lookedAtMs: 20_000,
      nextCheckAtMs: 30_000,
    });
  });

  it("that saw it done is over, with its videos and a time that is never negative", () => {
    const after = afterLook(processing, { ...succeeded, finishedAtMs: -5000 }, 20_000, null);
    expect(after).toMatchObject({ state: "succeeded", nextCheckAtMs: null, elapsedSeconds: 0 });
    expect(after.videos).toHaveLength(1);
  });

  it("that saw it failed is over, with the upstream's reason", () => {
    expect(afterLook(processing, failed, 20_000, null)).toMatchObject({
      state: "failed",
      error: { code: "api_error", message: "no luck" },
      nextCheckAtMs: null,
    });
  });

  it("becomes unknown after a day, and learns its end when it is asked about", () => {
    const lost = afterLook(processing, pending, 86_400_000, null);
    expect(lost).toMatchObject({ state: "unknown", nextCheckAtMs: null });
    expect(afterLook(lost, pending, 90_000_000, null)).toMatchObject({
      state: "unknown",
      nextCheckAtMs: null,
    });
    expect(afterLook(lost, succeeded, 90_000_000, null)).toMatchObject({ state: "succeeded" });
  });

  it.each([
    ["succeeded", succeeded],
    ["failed", failed],
  ] as const)("that is %s stays so, whatever is seen later", (state, end) => {
    const over = afterLook(processing, end, 20_000, null);
    for (const seen of [pending, succeeded, failed, undefined])
      expect(afterLook(over, seen, 99_000, null).state).toBe(state);
  });

  it("takes a fresh link, and keeps the old one when there is none", () => {
    const over = afterLook(processing, succeeded, 20_000, null);
    const fresh: Observation = {
      ...succeeded,
      kind: "succeeded",
      videos: [{ videoId: "v1", url: "https://cdn.test/new.mp4" }],
    };
    expect(afterLook(over, fresh, 99_000, null)).toMatchObject({ videos: fresh.videos, checkedAtMs: 99_000 });
    const empty: Observation = { ...succeeded, kind: "succeeded", videos: [] };
    expect(afterLook(over, empty, 99_000, null)).toMatchObject({ videos: over.videos, checkedAtMs: 20_000 });
  });
});

describe("a submission", () => {
  const submitting: Task = { ...processing, taskId: null, state: "submitting" };

  it("that was accepted is processed, and due at its first look", () => {
    const after = accepted(submitting, "t9", "trace", 0, null);
    expect(after).toMatchObject({
      state: "processing",
      taskId: "t9",
      traceId: "trace",
      nextCheckAtMs: 15_000,
    });
  });

  it("that was refused has failed and frees its key", () => {
    const after = refused(submitting, { code: "invalid_argument", message: "no" }, 5);
    expect(after).toMatchObject({ state: "failed", idempotencyKey: null, nextCheckAtMs: null });
  });

  it("whose answer is missing is looked for in five seconds, and keeps its key", () => {
    expect(lost(submitting, 40_000)).toMatchObject({
      state: "submitting",
      idempotencyKey: "key",
      lostAtMs: 40_000,
      nextCheckAtMs: 45_000,
    });
  });
});

describe("an adopted task", () => {
  it("is watched from its own age", () => {
    expect(adopted({ ...pending, createdAtMs: 0 }, "sub_1", 7, 700_000)).toMatchObject({
      state: "processing",
      position: 7,
      createdAtMs: 0,
      nextCheckAtMs: 760_000,
    });
  });
  it("that is done is not watched at all", () => {
    expect(adopted(succeeded, "sub_1", 7, 5)).toMatchObject({ state: "succeeded", nextCheckAtMs: null });
  });
});

const HOUR_MS = 3_600_000;
/** A task that the upstream was given an address of ours for. */
const rung = (changed: Partial<Task> = {}): Task => ({ ...processing, rings: 0, ...changed });

describe("how often a task is looked at", () => {
  it.each<[string, Partial<Task>, number | null, "usual" | "stretched"]>([
    ["rings are trusted", {}, 0, "stretched"],
    ["they have just come through", {}, 10 * HOUR_MS, "stretched"],
    ["none ever came", {}, null, "usual"],
    ["the last one came a day ago", {}, 10 * HOUR_MS - 24 * HOUR_MS, "usual"],
    ["the last one came almost a day ago", {}, 10 * HOUR_MS - 24 * HOUR_MS + 1, "stretched"],
    ["it has no address of ours", { rings: null }, 0, "usual"],
    ["it has rung already", { rings: 1 }, 0, "usual"],
  ])("%s", (_when, changed, heardAtMs, pace) => {
    expect(paceOf(rung(changed), 10 * HOUR_MS, heardAtMs)).toBe(pace);
    const nowMs = 180_000;
    const after = afterLook(rung(changed), pending, nowMs, heardAtMs && heardAtMs - 10 * HOUR_MS + nowMs);
    expect(after.nextCheckAtMs).toBe(nowMs + (pace === "usual" ? 20_000 : 120_000));
  });
});

describe("a task after a ring", () => {
  it("is due at once, and has rung", () => {
    expect(afterRing(rung(), 7000)).toEqual(rung({ rings: 1, rangAtMs: 7000, nextCheckAtMs: 7000 }));
  });

  it("is due once it has an id to ask with, when the submission was not answered yet", () => {
    const submitting = rung({ taskId: null, state: "submitting", nextCheckAtMs: 60_000 });
    const heard = afterRing(submitting, 2000) ?? submitting;
    expect(heard).toEqual({ ...submitting, rings: 1, rangAtMs: 2000 });
    expect(accepted(heard, "t1", undefined, 9000, 0)).toMatchObject({ nextCheckAtMs: 9000, rings: 1 });
    expect(lost(heard, 9000)).toMatchObject({ state: "submitting", rings: 1, lostAtMs: 9000 });
  });

  it.each<[string, Partial<Task>]>([
    ["it has no address of ours", { rings: null }],
    ["it rang 15 s ago, almost", { rings: 1, rangAtMs: 45_001 }],
    ["it rang just now", { rings: 3, rangAtMs: 60_000 }],
    ["the clock went back since", { rings: 1, rangAtMs: 61_000 }],
    ["its watch was given up", { state: "unknown", nextCheckAtMs: null }],
    ["its submission was never answered", { state: "unknown", taskId: null, nextCheckAtMs: null }],
    ["its submission was refused", { state: "failed", taskId: null, finishedAtMs: 0, nextCheckAtMs: null }],
    ["it is over, and rang before", { state: "succeeded", rings: 1, rangAtMs: 0, finishedAtMs: 0 }],
  ])("is what it was, where %s", (_when, changed) => {
    expect(afterRing(rung(changed), 60_000)).toBeUndefined();
  });

  it("is due again, where it rang 15 s ago", () => {
    const before = rung({ rings: 1, rangAtMs: 45_000, nextCheckAtMs: 70_000 });
    expect(afterRing(before, 60_000)).toMatchObject({ rings: 2, rangAtMs: 60_000, nextCheckAtMs: 60_000 });
  });

  it("that came after its end is not due, but has rung", () => {
    const over = rung({ state: "succeeded", finishedAtMs: 60_000, nextCheckAtMs: null });
    expect(afterRing(over, 61_000)).toEqual({ ...over, rings: 1, rangAtMs: 61_000 });
  });

  it.each<[string, Partial<Task>, number, number]>([
    ["2 s after it", { rings: 1, rangAtMs: 600_000 }, 600_040, 602_000],
    ["5 s after it", { rings: 1, rangAtMs: 600_000 }, 602_000, 605_000],
    ["10 s after it", { rings: 1, rangAtMs: 600_000 }, 605_000, 610_000],
    ["on schedule then", { rings: 1, rangAtMs: 600_000 }, 610_000, 670_000],
    ["on schedule, when it was not the first", { rings: 2, rangAtMs: 600_000 }, 600_040, 660_000],
  ])("that its record does not bear out is looked at again %s", (_when, changed, nowMs, expected) => {
    expect(afterLook(rung(changed), pending, nowMs, 0)).toMatchObject({ nextCheckAtMs: expected });
    expect(afterLook(rung(changed), undefined, nowMs, 0)).toMatchObject({ nextCheckAtMs: expected });
    expect(afterFailedLook(rung(changed), nowMs)).toEqual(rung(changed));
  });

  it.each([
    [1, 5001, 9000],
    [2, 5001, 9000],
    [1, 5000, 10_000],
    [2, 5000, 15_000],
  ])(
    "number %i that came at %i ms, while it was asked about since 5 s, is looked at again at %i ms",
    (rings, rangAtMs, expected) => {
      const task = rung({ rings, rangAtMs, nextCheckAtMs: rangAtMs });
      expect(afterLook(task, pending, 9000, null, 5000).nextCheckAtMs).toBe(expected);
    },
  );
});

describe("what a task says about rings", () => {
  const over = (changed: Partial<Task>) =>
    rung({ state: "succeeded", finishedAtMs: 60_000, nextCheckAtMs: null, ...changed });
  it.each<[string, Task, number, boolean | undefined]>([
    ["it rang when it ended", over({ rings: 1, rangAtMs: 60_000 }), 60_040, true],
    ["it rang soon after", over({ rings: 1, rangAtMs: 89_999 }), 90_000, true],
    ["it rang shortly before, as clocks differ", over({ rings: 1, rangAtMs: 30_001 }), 60_000, true],
    ["it rang twice, in time at last", over({ rings: 2, rangAtMs: 61_000 }), 61_040, true],
    ["it rang when it failed", over({ state: "failed", rings: 1, rangAtMs: 60_000 }), 60_040, true],
    ["it rang, and was seen long after", over({ rings: 1, rangAtMs: 61_000 }), 900_000, true],
    ["it did not ring, but has only just ended", over({}), 89_999, undefined],
    [
      "it rang much too early, and has only just ended",
      over({ rings: 1, rangAtMs: 10_000 }),
      60_040,
      undefined,
    ],
    ["it did not ring for half a minute", over({}), 90_000, false],
    ["it rang half a minute late", over({ rings: 1, rangAtMs: 90_000 }), 90_000, false],
    ["it rang much too early only", over({ rings: 1, rangAtMs: 10_000 }), 90_000, false],
    ["it goes on", rung({ rings: 1, rangAtMs: 60_000 }), 900_000, undefined],
    ["its watch was given up", rung({ state: "unknown", rings: 1, rangAtMs: 0 }), 900_000, undefined],
    ["it had no address of ours", over({ rings: null }), 900_000, undefined],
    ["it was refused", over({ state: "failed", taskId: null }), 900_000, undefined],
  ])("%s", (_when, task, nowMs, expected) => {
    expect(ringsComeThrough(task, nowMs)).toBe(expected);
  });
});
