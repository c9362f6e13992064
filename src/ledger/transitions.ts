import type { Observation } from "../veo/observation.ts";
import { firstLookAtMs, nextLookAtMs } from "./schedule.ts";
import { isOpen, type Task } from "./task.ts";

/**
 * How a task changes: pure functions of what was, what was seen, and when. No sequence of observations takes a
 * task out of `succeeded` or `failed`.
 */

/** The task after a look that said `seen`, or that said nothing of it (`undefined`). */
export function afterLook(before: Task, seen: Observation | undefined, nowMs: number): Task {
  const task: Task = { ...before, lookedAtMs: nowMs };
  if (task.state === "failed") return { ...task, nextCheckAtMs: null };
  if (task.state === "succeeded") {
    if (seen?.kind !== "succeeded" || seen.videos.length === 0) return { ...task, nextCheckAtMs: null };
    return { ...task, videos: seen.videos, checkedAtMs: nowMs, nextCheckAtMs: null };
  }
  if (seen === undefined) return waiting(task, nowMs);
  const known: Task = {
    ...task,
    taskId: task.taskId ?? seen.taskId,
    traceId: task.traceId ?? seen.traceId ?? null,
    tool: task.tool ?? seen.tool ?? null,
    checkedAtMs: nowMs,
  };
  if (seen.kind === "pending") return waiting(known, nowMs);
  const finishedAtMs = seen.finishedAtMs ?? lastCompletion(seen) ?? nowMs;
  const ended: Task = {
    ...known,
    finishedAtMs,
    elapsedSeconds: seen.elapsedSeconds ?? elapsedSeconds(task.createdAtMs, finishedAtMs),
    nextCheckAtMs: null,
  };
  if (seen.kind === "failed")
    return { ...ended, state: "failed", error: { code: seen.code, message: seen.message } };
  return { ...ended, state: "succeeded", videos: seen.videos };
}

function waiting(task: Task, nowMs: number): Task {
  // An `unknown` task that is still pending stays as it is: its watch was given up, and only queries revive it.
  if (!isOpen(task)) return { ...task, nextCheckAtMs: null };
  const nextCheckAtMs = nextLookAtMs(task.createdAtMs, nowMs);
  return nextCheckAtMs === null ? { ...task, state: "unknown", nextCheckAtMs } : { ...task, nextCheckAtMs };
}

const lastCompletion = (seen: Observation): number | undefined =>
  seen.kind === "succeeded"
    ? seen.videos.map((video) => video.completedAtMs).findLast((ms) => ms !== undefined)
    : undefined;

/** Clocks differ, and so may the two ends: a negative time says nothing and is shown as zero. */
const elapsedSeconds = (fromMs: number, toMs: number): number => Math.max(0, (toMs - fromMs) / 1000);

/** The task after a look that failed: one that is watched stays due, one that a query made due waits for the next. */
export function afterFailedLook(task: Task, nowMs: number): Task {
  return isOpen(task) ? task : { ...task, lookedAtMs: nowMs, nextCheckAtMs: null };
}

/** The task after the upstream accepted the submission. */
export function accepted(task: Task, taskId: string, traceId: string | undefined): Task {
  return {
    ...task,
    state: "processing",
    taskId,
    traceId: traceId ?? null,
    nextCheckAtMs: firstLookAtMs(task.createdAtMs),
  };
}

/** The task after the upstream refused the submission: nothing was charged, so its key may be used again. */
export function refused(task: Task, error: { code: string; message: string }, nowMs: number): Task {
  return { ...task, state: "failed", error, finishedAtMs: nowMs, nextCheckAtMs: null, idempotencyKey: null };
}

/** The task whose submission was never answered: it may have been paid for, so its key stays taken. */
export function undetermined(task: Task): Task {
  return { ...task, state: "unknown", nextCheckAtMs: null };
}

/** A task that another client of the same token made, as the ledger takes it over. */
export function adopted(seen: Observation, submissionId: string, position: number, nowMs: number): Task {
  const createdAtMs = seen.createdAtMs ?? nowMs;
  const fresh: Task = {
    position,
    submissionId,
    taskId: seen.taskId,
    traceId: seen.traceId ?? null,
    state: "processing",
    tool: seen.tool ?? null,
    request: seen.request,
    videos: [],
    error: null,
    createdAtMs,
    finishedAtMs: null,
    elapsedSeconds: null,
    checkedAtMs: nowMs,
    lookedAtMs: nowMs,
    nextCheckAtMs: null,
    idempotencyKey: null,
    requestHash: null,
  };
  return afterLook(fresh, seen, nowMs);
}
