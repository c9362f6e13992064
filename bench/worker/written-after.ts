import type { Task } from "../../src/ledger/task.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { UsageStore } from "../../src/ledger/usage-store.ts";

/**
 * The Worker as it is deployed, but for one thing: nothing of a submission is written before its request. Its rows
 * wait in memory, and are written, complete, when it was answered; so there is nothing yet to set the alarm for, either.
 */
export * from "../../src/index.ts";
export { default } from "../../src/index.ts";

const { insert, update } = TaskStore.prototype;
const { add } = UsageStore.prototype;
/** What is left to do for each submission that is on its way. */
const unwritten = new Map<string, () => void>();

TaskStore.prototype.insert = function insertLater(task: Task): void {
  if (task.state === "submitting") unwritten.set(task.submissionId, () => undefined);
  else insert.call(this, task);
};

UsageStore.prototype.add = function addLater(task: Task): void {
  unwritten.set(task.submissionId, () => add.call(this, task));
};

TaskStore.prototype.update = function insertNow(task: Task): void {
  const addUsage = unwritten.get(task.submissionId);
  if (addUsage === undefined) {
    update.call(this, task);
    return;
  }
  unwritten.delete(task.submissionId);
  insert.call(this, task);
  addUsage();
};
