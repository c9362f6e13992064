import { isRequestRefused, type UpstreamFailure } from "../errors.ts";
import type { Observation } from "../veo/observation.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { type Listing, matchLost } from "./lost-submissions.ts";
import { readPages } from "./pages.ts";
import { payerHash } from "./payer-hash.ts";
import { CLOCKS_DIFFER_MS } from "./schedule.ts";
import type { Task } from "./task.ts";
import type { TaskStore } from "./task-store.ts";
import { afterFailedSearch, afterSearch } from "./transitions.ts";

/** More than any account makes in four hours; a list that goes on longer is not complete. */
const MAX_PAGES = 20;
/** At the edges of a list, clocks that differ may have moved a task out of it. */
const MARGIN_MS = CLOCKS_DIFFER_MS - 30 * 60_000;
/** The upstream's list may lag, so a task that it has just accepted proves nothing when it is missing. */
const SETTLED_MS = 60_000;

/** More than any account has on their way at once. */
const MAX_UNANSWERED = 1000;
/** Known tasks that a list is checked against: as many as it can have. */
const MAX_KNOWN = 1000;

/** @returns every submission that has no task yet, whether it is lost or still on its way. */
export const unanswered = (tasks: TaskStore): Task[] =>
  tasks.page({ state: "submitting" }, MAX_UNANSWERED).filter(({ taskId }) => taskId === null);

/**
 * Finds out what became of submissions whose answer never came, by listing the upstream's tasks around that time.
 * @returns the failure that kept it from that, if one did.
 */
export async function reconcile(
  is: LedgerDependencies,
  lost: readonly Task[],
  token: string,
): Promise<UpstreamFailure | undefined> {
  const times = lost.map(({ createdAtMs }) => createdAtMs);
  const fromMs = Math.min(...times) - CLOCKS_DIFFER_MS;
  const toMs = Math.max(...times) + CLOCKS_DIFFER_MS;
  const { tasks, now, watch, callbacks, ownsToken } = is;
  const listed = await list(is, fromMs, toMs, token);
  // Read again: the requests took a while, and the rows may have changed under them.
  const stillLost = lost
    .flatMap(({ submissionId }) => tasks.bySubmissionId(submissionId) ?? [])
    .filter(({ taskId }) => taskId === null);
  if (!("seen" in listed)) {
    for (const task of stillLost) {
      const after = afterFailedSearch(task, now());
      if (after !== task) recordChange(is, task, after);
    }
    return listed;
  }
  const verdicts = matchLost(lost, listed, {
    ...callbacks,
    unanswered: unanswered(tasks),
    ownTask(taskId) {
      const task = tasks.byTaskId(taskId);
      return task?.requestHash == null ? undefined : task;
    },
    isOfPayer: (task) => task.payerHash === null || task.payerHash === payerHash(task.submissionId, token),
    ownsToken,
  });
  for (const task of stillLost) {
    const verdict = verdicts.get(task.submissionId);
    if (verdict === undefined) continue;
    // A page of history may have shown the task, and had it adopted.
    const adopted = verdict.kind === "found" ? tasks.byTaskId(verdict.seen.taskId) : undefined;
    if (adopted !== undefined) tasks.remove(adopted);
    recordChange(is, task, afterSearch(task, verdict, now(), watch.heardAtMs()));
  }
  return undefined;
}

async function list(
  { upstream, tasks, now }: LedgerDependencies,
  fromMs: number,
  toMs: number,
  token: string,
): Promise<Listing | UpstreamFailure> {
  const bounds = { created_at_min: Math.floor(fromMs / 1000), created_at_max: Math.ceil(toMs / 1000) };
  // First the newest ones, without bounds: what they say of that time, the bounded list has to say too. What is made
  // meanwhile is in the second one only, and contradicts nothing.
  const newest = await readPages(upstream, {}, token, 1);
  if (!newest.ok) return unlisted(newest.failure);
  // Not even one record at a time is short enough to be read.
  if (newest.seen.size === 0 && !newest.isComplete) return NOTHING_SAID;
  const bounded = await readPages(upstream, bounds, token, MAX_PAGES);
  if (!bounded.ok) return unlisted(bounded.failure);
  const isOfThatTime = ({ createdAtMs }: Observation) =>
    createdAtMs !== undefined && createdAtMs >= fromMs && createdAtMs <= toMs;
  const known = tasks
    .page({ createdFromMs: fromMs + MARGIN_MS, createdToMs: toMs - MARGIN_MS }, MAX_KNOWN)
    .filter(({ requestHash, createdAtMs }) => requestHash !== null && now() - createdAtMs >= SETTLED_MS);
  // A list that leaves something out (another time zone, another meaning of the bounds, a page that is missing) proves
  // nothing about what else is not in it.
  const hasTheNewest = [...newest.seen.values()].every(
    (seen) => bounded.seen.has(seen.taskId) || !isOfThatTime(seen),
  );
  const hasWhatWeKnow = known.every(({ taskId }) => taskId === null || bounded.seen.has(taskId));
  return {
    seen: [...new Map([...newest.seen, ...bounded.seen]).values()],
    isComplete: bounded.isComplete && hasTheNewest && hasWhatWeKnow,
  };
}

/** An upstream that does not take the question says nothing of what it has; any other failure is trouble. */
const unlisted = (failure: UpstreamFailure): Listing | UpstreamFailure =>
  isRequestRefused(failure) ? NOTHING_SAID : failure;
const NOTHING_SAID: Listing = { seen: [], isComplete: false };
