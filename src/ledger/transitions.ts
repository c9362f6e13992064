import type { Observation } from "../veo/observation.ts";
import { shortRequest } from "../veo/paid-request.ts";
import type { Verdict } from "./lost-submissions.ts";
import {
  ABSENCE_MS,
  echoAtMs,
  firstLookAtMs,
  MISSED_RING_MS,
  nextLookAtMs,
  nextReconcileAtMs,
  type Pace,
  RECONCILE_FAILING_UNTIL_MS,
  RING_INTERVAL_MS,
  RING_TRUST_MS,
  searchRetryAtMs,
} from "./schedule.ts";
import { AT_FIRST, isOpen, type Task } from "./task.ts";

/**
 * How a task changes: pure functions of what was, what was seen, and when. Nothing takes a task out of `succeeded` or
 * `failed`, and what becomes of a submission changes none that has become something already.
 */

/**
 * The task after a look that said `seen`, or that said nothing of it (`undefined`).
 * @param heardAtMs when the upstream last rang for the account, and it was true; null for never.
 * @param askedAtMs when the upstream was asked: a ring since then may be news to its answer.
 */
export function afterLook(
  before: Task,
  seen: Observation | undefined,
  nowMs: number,
  heardAtMs: number | null,
  askedAtMs = nowMs,
): Task {
  const task: Task = { ...before, lookedAtMs: nowMs };
  if (task.state === "failed") return { ...task, nextCheckAtMs: null };
  if (task.state === "succeeded") {
    if (seen?.kind !== "succeeded" || seen.videos.length === 0) return { ...task, nextCheckAtMs: null };
    return { ...task, videos: seen.videos, checkedAtMs: nowMs, nextCheckAtMs: null };
  }
  if (seen === undefined) return waiting(task, nowMs, heardAtMs, askedAtMs);
  const known: Task = {
    ...task,
    taskId: task.taskId ?? seen.taskId,
    traceId: task.traceId ?? seen.traceId ?? null,
    tool: task.tool ?? seen.tool ?? null,
    checkedAtMs: nowMs,
  };
  if (seen.kind === "pending") return waiting(known, nowMs, heardAtMs, askedAtMs);
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

function waiting(task: Task, nowMs: number, heardAtMs: number | null, askedAtMs: number): Task {
  // An `unknown` task that is still pending stays as it is: its watch was given up, and only queries revive it.
  if (!isOpen(task)) return { ...task, nextCheckAtMs: null };
  if (task.rangAtMs !== null && task.rangAtMs > askedAtMs) return { ...task, nextCheckAtMs: nowMs };
  const scheduledMs = nextLookAtMs(task.createdAtMs, nowMs, paceOf(task, nowMs, heardAtMs));
  if (scheduledMs === null)
    return { ...task, state: "unknown", nextCheckAtMs: null, settledAtMs: task.settledAtMs ?? nowMs };
  // Only after the first ring, or a flood of them would be a flood of looks.
  const echoMs = task.rings === 1 && task.rangAtMs !== null ? echoAtMs(task.rangAtMs, nowMs) : null;
  return { ...task, nextCheckAtMs: Math.min(scheduledMs, echoMs ?? scheduledMs) };
}

/**
 * How often a task is looked at: seldom where the upstream was given an address to ring at, has not used it up (it
 * rings once), and where its rings were seen to come through. A firewall that eats them thus costs nothing.
 */
export function paceOf({ rings }: Pick<Task, "rings">, nowMs: number, heardAtMs: number | null): Pace {
  const isTrusted = heardAtMs !== null && nowMs - heardAtMs < RING_TRUST_MS;
  return rings === 0 && isTrusted ? "stretched" : "usual";
}

/**
 * The task after a ring of the upstream: a hint that it is over, which a look has to bear out. Of a task that is seen
 * to be over it changes nothing, but its first ring is noted: a look for another reason may have been quicker.
 * @returns undefined for a ring that does not count: too soon after another, or for a task that nobody watches.
 */
export function afterRing(task: Task, nowMs: number): Task | undefined {
  if (task.rings === null) return undefined;
  const rung: Task = { ...task, rings: task.rings + 1, rangAtMs: nowMs };
  if (!isOpen(task)) return task.rings === 0 && hasEnded(task) ? rung : undefined;
  if (task.rangAtMs !== null && nowMs - task.rangAtMs < RING_INTERVAL_MS) return undefined;
  // Before the submission is answered there is no id to ask with: the first look then comes at once. One whose answer
  // was lost has arrived, since it rings: it is searched for at once.
  return task.taskId === null && task.lostAtMs === null ? rung : { ...rung, nextCheckAtMs: nowMs };
}

/**
 * What a task that had an address of ours, and that the upstream said is over, says about rings.
 * @returns true when it rang about when it ended, false when that is long ago and it did not, otherwise undefined.
 */
export function ringsComeThrough(task: Task, nowMs: number): boolean | undefined {
  const { rings, rangAtMs, finishedAtMs } = task;
  if (rings === null || finishedAtMs === null || !hasEnded(task)) return undefined;
  // One that came much too early or too late is of no use, so the next ones are not waited for.
  if (rangAtMs !== null && Math.abs(rangAtMs - finishedAtMs) < MISSED_RING_MS) return true;
  return nowMs - finishedAtMs < MISSED_RING_MS ? undefined : false;
}

/** Whether the upstream has said how it ended, which a submission that it refused never did. */
const hasEnded = (task: Task): boolean =>
  task.taskId !== null && (task.state === "succeeded" || task.state === "failed");

/** The task after somebody asked to cancel it: the upstream cannot, and it was paid for, so it is watched on. */
export const cancelRequested = (task: Task, nowMs: number): Task =>
  isOpen(task) && !task.cancelRequested ? { ...task, cancelRequested: true, settledAtMs: nowMs } : task;

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
export function accepted(
  task: Task,
  taskId: string,
  traceId: string | undefined,
  nowMs: number,
  heardAtMs: number | null,
): Task {
  if (task.state !== "submitting") return task;
  const firstMs = firstLookAtMs(task.createdAtMs, paceOf(task, nowMs, heardAtMs));
  return {
    ...task,
    state: "processing",
    taskId,
    traceId: traceId ?? null,
    payerHash: null,
    // It may have rung before it answered.
    nextCheckAtMs: task.rangAtMs === null ? firstMs : nowMs,
  };
}

/** The task after the upstream refused the submission: nothing was charged, so its key may be used again. */
export function refused(task: Task, error: { code: string; message: string }, nowMs: number): Task {
  if (task.state !== "submitting") return task;
  const ended: Task = { ...task, state: "failed", error, finishedAtMs: nowMs, nextCheckAtMs: null };
  return { ...ended, idempotencyKey: null, payerHash: null };
}

/** The task whose submission was never answered: it may have been paid for, so it is looked for, and never sent again. */
export function lost(task: Task, nowMs: number): Task {
  if (task.state !== "submitting") return task;
  return { ...task, lostAtMs: nowMs, nextCheckAtMs: nextReconcileAtMs(nowMs, nowMs, null) };
}

/** What a task that was never sent, or never arrived, failed of. */
const NEVER_ARRIVED = {
  code: "never_arrived",
  message: "The upstream never got this request: nothing was charged.",
};

/** A lost task after a look for it. */
export function afterSearch(task: Task, verdict: Verdict, nowMs: number, heardAtMs: number | null): Task {
  if (task.state !== "submitting") return task;
  const looked: Task = { ...task, lookedAtMs: nowMs };
  if (verdict.kind === "found") {
    const { taskId, traceId } = verdict.seen;
    const there: Task = { ...looked, lostAtMs: null, absentAtMs: null };
    return afterLook(accepted(there, taskId, traceId, nowMs, heardAtMs), verdict.seen, nowMs, heardAtMs);
  }
  // Who rang has it, whatever its list says.
  const isAbsent = verdict.kind === "absent" && task.rangAtMs === null;
  if (isAbsent && task.absentAtMs !== null && nowMs - task.absentAtMs >= ABSENCE_MS)
    return refused(looked, NEVER_ARRIVED, nowMs);
  const absentAtMs = isAbsent ? (task.absentAtMs ?? nowMs) : null;
  const nextCheckAtMs = nextReconcileAtMs(task.lostAtMs ?? nowMs, nowMs, absentAtMs);
  const searched = { ...looked, absentAtMs, nextCheckAtMs };
  return nextCheckAtMs === null ? nobodyKnows(searched) : searched;
}

/** A lost task after a look for it that the upstream did not answer: it stays due, until that has gone on for a week. */
export function afterFailedSearch(task: Task, nowMs: number): Task {
  if (task.state !== "submitting") return task;
  const lostAtMs = task.lostAtMs ?? nowMs;
  if (nowMs - lostAtMs >= RECONCILE_FAILING_UNTIL_MS) return nobodyKnows(task);
  return { ...task, nextCheckAtMs: searchRetryAtMs(lostAtMs, nowMs) };
}

/** Its key stays taken: it may have been paid for. */
const nobodyKnows = (task: Task): Task => ({
  ...task,
  state: "unknown",
  nextCheckAtMs: null,
  payerHash: null,
});

/** A task that another client of the same token made, as the ledger takes it over. */
export function adopted(seen: Observation, submissionId: string, position: number, nowMs: number): Task {
  const createdAtMs = Math.min(seen.createdAtMs ?? nowMs, nowMs);
  const fresh: Task = {
    ...AT_FIRST,
    position,
    submissionId,
    taskId: seen.taskId,
    traceId: seen.traceId ?? null,
    state: "processing",
    tool: seen.tool ?? null,
    request: shortRequest(seen.request),
    createdAtMs,
    checkedAtMs: nowMs,
    lookedAtMs: nowMs,
    nextCheckAtMs: null,
    rings: null,
    payerHash: null,
    credits: null,
    settlement: null,
    idempotencyKey: null,
    requestHash: null,
  };
  return afterLook(fresh, seen, nowMs, null);
}
