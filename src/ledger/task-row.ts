import { z } from "zod";
import { type Task, taskSchema } from "./task.ts";

/** How a task is a row: the columns, in the one order that reading and writing share. */

export const COLUMNS = `position, submission_id, task_id, trace_id, state, tool, request, videos, error, created_at_ms,
  finished_at_ms, elapsed_seconds, checked_at_ms, looked_at_ms, next_check_at_ms, cancel_requested, settled_at_ms, rings, rang_at_ms,
  lost_at_ms, absent_at_ms, payer_hash, credits, settlement, idempotency_key, request_hash`;
/** The same, one by one. */
export const COLUMN_NAMES = COLUMNS.split(/,\s+/);
/** As many places for values as there are columns. */
export const PLACES = COLUMNS.replace(/\w+/g, "?");

/** JSON in a column. Ours, but parsed like everything that comes from outside the code that runs. */
const json = z
  .string()
  .nullable()
  .transform((text): unknown => (text === null ? null : JSON.parse(text)));
const { shape } = taskSchema;

/** Reads a row as the task that it is. */
export const rowSchema = z
  .object({
    position: shape.position,
    submission_id: shape.submissionId,
    task_id: shape.taskId,
    trace_id: shape.traceId,
    state: shape.state,
    tool: shape.tool,
    request: json.pipe(shape.request),
    videos: json.pipe(shape.videos),
    error: json.pipe(shape.error),
    created_at_ms: shape.createdAtMs,
    finished_at_ms: shape.finishedAtMs,
    elapsed_seconds: shape.elapsedSeconds,
    checked_at_ms: shape.checkedAtMs,
    looked_at_ms: shape.lookedAtMs,
    next_check_at_ms: shape.nextCheckAtMs,
    cancel_requested: z.literal([0, 1]).transform((flag) => flag === 1),
    settled_at_ms: shape.settledAtMs,
    rings: shape.rings,
    rang_at_ms: shape.rangAtMs,
    lost_at_ms: shape.lostAtMs,
    absent_at_ms: shape.absentAtMs,
    payer_hash: shape.payerHash,
    credits: shape.credits,
    settlement: shape.settlement,
    idempotency_key: shape.idempotencyKey,
    request_hash: shape.requestHash,
  })
  .transform(
    (row): Task => ({
      position: row.position,
      submissionId: row.submission_id,
      taskId: row.task_id,
      traceId: row.trace_id,
      state: row.state,
      tool: row.tool,
      request: row.request,
      videos: row.videos,
      error: row.error,
      createdAtMs: row.created_at_ms,
      finishedAtMs: row.finished_at_ms,
      elapsedSeconds: row.elapsed_seconds,
      checkedAtMs: row.checked_at_ms,
      lookedAtMs: row.looked_at_ms,
      nextCheckAtMs: row.next_check_at_ms,
      cancelRequested: row.cancel_requested,
      settledAtMs: row.settled_at_ms,
      rings: row.rings,
      rangAtMs: row.rang_at_ms,
      lostAtMs: row.lost_at_ms,
      absentAtMs: row.absent_at_ms,
      payerHash: row.payer_hash,
      credits: row.credits,
      settlement: row.settlement,
      idempotencyKey: row.idempotency_key,
      requestHash: row.request_hash,
    }),
  );

/** @returns the columns of a task, in their order. */
export const values = (task: Task): (string | number | null)[] => [
  task.position,
  task.submissionId,
  task.taskId,
  task.traceId,
  task.state,
  task.tool,
  JSON.stringify(task.request),
  JSON.stringify(task.videos),
  task.error === null ? null : JSON.stringify(task.error),
  task.createdAtMs,
  task.finishedAtMs,
  task.elapsedSeconds,
  task.checkedAtMs,
  task.lookedAtMs,
  task.nextCheckAtMs,
  task.cancelRequested ? 1 : 0,
  task.settledAtMs,
  task.rings,
  task.rangAtMs,
  task.lostAtMs,
  task.absentAtMs,
  task.payerHash,
  task.credits,
  task.settlement,
  task.idempotencyKey,
  task.requestHash,
];
