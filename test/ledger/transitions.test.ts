import { describe, expect, it } from "vitest";
import type { Task } from "../../src/ledger/task.ts";
import { accepted, adopted, afterLook, lost, refused } from "../../src/ledger/transitions.ts";
import type { Observation } from "../../src/veo/observation.ts";

const processing: Task = {
  position: 1,
  submissionId: "sub_0",
  taskId: "t1",
  traceId: null,
  state: "processing",
  tool: "veo_text_to_video",
  request: { prompt: "a fox" },
  videos: [],
  error: null,
  createdAtMs: 0,
  finishedAtMs: null,
  elapsedSeconds: null,
  checkedAtMs: null,
  lookedAtMs: null,
  nextCheckAtMs: 20_000,
  cancelRequested: false,
  rings: null,
  rangAtMs: null,
  lostAtMs: null,
  absentAtMs: null,
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
