import {
  FIRST_LOOK_MS,
  type Pace,
  POLLING_INTERVAL_MS,
  REFRESH_INTERVAL_MS,
  STALE_LINK_MS,
} from "./schedule.ts";
import type { Task } from "./task.ts";

/**
 * Whether a query makes a task due: when its next look is far and its last one is long ago. Where a ring is
 * expected, looks for queries would be the very ones that the ring saves.
 * @param pace asked only where it matters, since it is in a row.
 */
export function wouldBeDue(task: Task, nowMs: number, pace: () => Pace): boolean {
  const sinceLookMs = nowMs - (task.lookedAtMs ?? task.createdAtMs);
  switch (task.state) {
    case "submitting":
    case "failed":
      return false;
    case "processing": {
      const isFar = task.nextCheckAtMs !== null && task.nextCheckAtMs - nowMs > POLLING_INTERVAL_MS;
      return isFar && sinceLookMs >= (pace() === "usual" ? POLLING_INTERVAL_MS : FIRST_LOOK_MS.stretched);
    }
    case "unknown":
      return task.taskId !== null && task.nextCheckAtMs === null && sinceLookMs >= POLLING_INTERVAL_MS;
    case "succeeded": {
      const isStale = nowMs - (task.checkedAtMs ?? task.createdAtMs) >= STALE_LINK_MS;
      return (
        task.taskId !== null && task.nextCheckAtMs === null && isStale && sinceLookMs >= REFRESH_INTERVAL_MS
      );
    }
  }
}
