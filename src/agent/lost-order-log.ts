import type { Task } from "../ledger/task.ts";
import type { Log } from "../log.ts";

/**
 * Says in the log what became of an order whose answer never came: the operator read that it was lost, and nobody else
 * may ask.
 * @param nowMs epoch milliseconds.
 */
export function logLostOrder(log: Log, before: Task, after: Task, nowMs: number): void {
  const { state, lostAtMs, submissionId } = before;
  if (state !== "submitting" || lostAtMs === null || after.state === "submitting") return;
  const isFound = after.taskId !== null;
  const isUnknown = !isFound && after.state === "unknown";
  log(isUnknown ? "warn" : "info", "lost_order", {
    outcome: isFound ? "found" : isUnknown ? "unknown" : "never_arrived",
    submission_id: submissionId,
    duration_ms: nowMs - lostAtMs,
  });
}
