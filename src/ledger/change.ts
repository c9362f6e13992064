import type { LedgerDependencies } from "./dependencies.ts";
import { isOpen, type Task } from "./task.ts";

/**
 * Writes a task that changed, lets go who waits for it, and announces it to who listens.
 * @returns the task as it is now.
 */
export function recordChange(is: LedgerDependencies, before: Task, after: Task): Task {
  is.tasks.update(after);
  // Refused, or never arrived: it cost nothing.
  if (before.state === "submitting" && after.state === "failed" && after.taskId === null)
    is.usage.undo(after);
  // Whoever waits for a task that was not open waits for the look itself.
  if (after.state !== before.state || !isOpen(before)) is.parking.news(after.submissionId);
  else is.parking.looked(after.submissionId);
  if (isNews(before, after)) is.announce(before, after);
  return after;
}

/** Whether somebody who reads the task would see more than that it was looked at again. */
const isNews = (before: Task, after: Task): boolean =>
  before.state !== after.state ||
  before.taskId !== after.taskId ||
  before.cancelRequested !== after.cancelRequested ||
  JSON.stringify(before.videos) !== JSON.stringify(after.videos);
