import type { UpstreamFailure } from "../errors.ts";
import { type Observation, observeRecord } from "../veo/observation.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { type Listing, matchLost } from "./lost-submissions.ts";
import { CLOCKS_DIFFER_MS } from "./schedule.ts";
import type { Task } from "./task.ts";
import type { TaskStore } from "./task-store.ts";
import { afterSearch } from "./transitions.ts";

const PAGE_SIZE = 50;
/** More than any account makes in four hours; a list that goes on longer is not complete. */
const MAX_PAGES = 20;
/** At the edges of a list, clocks that differ may have moved a task out of it. */
const MARGIN_MS = CLOCKS_DIFFER_MS - 30 * 60_000;
/** The upstream's list may lag, so a task that it has just accepted proves nothing when it is missing. */
const SETTLED_MS = 60_000;

/** More than any account has on their way at once. */
const MAX_UNANSWERED = 1000;

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
  const listed = await list(is, fromMs, toMs, token);
  if (!("seen" in listed)) return listed;
  const { tasks, now, watch, callbacks, ownsToken } = is;
  const verdicts = matchLost(lost, listed, {
    ...callbacks,
    unanswered: unanswered(tasks),
    isTaken: (taskId) => (tasks.byTaskId(taskId)?.requestHash ?? null) !== null,
    ownsToken,
  });
  for (const { submissionId } of lost) {
    // Read again: the requests took a while, and the row may have changed under them.
    const task = tasks.bySubmissionId(submissionId);
    const verdict = verdicts.get(submissionId);
    if (task === undefined || verdict === undefined || task.taskId !== null) continue;
    // A page of history may have shown the task, and had it adopted.
    const adopted = verdict.kind === "found" ? tasks.byTaskId(verdict.seen.taskId) : undefined;
    if (adopted !== undefined) tasks.remove(adopted);
    recordChange(is, task, afterSearch(task, verdict, now(), watch.heardAtMs()));
  }
  return undefined;
}

async function list(
  is: LedgerDependencies,
  fromMs: number,
  toMs: number,
  token: string,
): Promise<Listing | UpstreamFailure> {
  const seen: Observation[] = [];
  let isReadable = true;
  for (let page = 0, offset = 0; page < MAX_PAGES; page += 1) {
    const outcome = await is.upstream.listTasks(
      {
        offset,
        limit: PAGE_SIZE,
        created_at_min: Math.floor(fromMs / 1000),
        created_at_max: Math.ceil(toMs / 1000),
      },
      token,
    );
    if (!outcome.ok) return outcome.failure;
    // An empty page ends the list; a short one may be the upstream's own limit.
    if (outcome.records.length === 0)
      return { seen, isComplete: isReadable && hasWhatWeKnow(is, seen, fromMs, toMs) };
    offset += outcome.records.length;
    for (const record of outcome.records) {
      const observation = observeRecord(record);
      if (observation === undefined) isReadable = false;
      else seen.push(observation);
    }
  }
  return { seen, isComplete: false };
}

/**
 * Whether a list has the tasks that the ledger knows to be of about that time. One that has not (another time zone,
 * another meaning of the bounds, an end after some page) proves nothing about what else is missing in it.
 */
function hasWhatWeKnow(
  { tasks, now }: LedgerDependencies,
  seen: readonly Observation[],
  fromMs: number,
  toMs: number,
): boolean {
  const listed = new Set(seen.map(({ taskId }) => taskId));
  const about = { createdFromMs: fromMs + MARGIN_MS, createdToMs: toMs - MARGIN_MS };
  return tasks
    .page(about, PAGE_SIZE * MAX_PAGES)
    .filter(({ requestHash, createdAtMs }) => requestHash !== null && now() - createdAtMs >= SETTLED_MS)
    .every(({ taskId }) => taskId === null || listed.has(taskId));
}
