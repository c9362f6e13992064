import type { Observation } from "../veo/observation.ts";
import type { CallbackReader } from "./dependencies.ts";
import { CLOCKS_DIFFER_MS } from "./schedule.ts";
import type { Task } from "./task.ts";

/**
 * What became of submissions whose answer never came: pure decisions about what a list of the upstream's tasks says.
 */

/** `undecidable`: there is something that may be it, or may be another's, or the list may be missing it. */
export type Verdict = { kind: "found"; seen: Observation } | { kind: "absent" } | { kind: "undecidable" };
const UNDECIDABLE: Verdict = { kind: "undecidable" };

export interface Listing {
  /** One observation for each task. */
  seen: readonly Observation[];
  /** Whether everything that the upstream has around that time is in it. */
  isComplete: boolean;
}

export interface Matching extends CallbackReader {
  /** @returns the task of the ledger's own making under this id, if there is one. */
  ownTask(taskId: string): Task | undefined;
  /** Whether the list is of the token that a submission was to be paid with: another one's says nothing of it. */
  isOfPayer(task: Task): boolean;
  /** Whether all tasks of the upstream's token are this account's. */
  ownsToken: boolean;
  /** Every submission that has no task yet, whether it is lost or still on its way. */
  unanswered: readonly Task[];
}

/** @returns for each lost submission, by its id, what the list says of it. */
export function matchLost(
  lost: readonly Task[],
  { seen, isComplete }: Listing,
  matching: Matching,
): Map<string, Verdict> {
  const byAddress = new Map<string, Observation>();
  const anonymous: Observation[] = [];
  for (const observation of seen) {
    const { callbackUrl, taskId } = observation;
    const submissionId = callbackUrl === undefined ? undefined : matching.submissionOf(callbackUrl);
    if (submissionId !== undefined) byAddress.set(submissionId, observation);
    else if (
      matching.ownTask(taskId) === undefined &&
      (callbackUrl === undefined || !matching.isOurs(callbackUrl))
    )
      anonymous.push(observation);
  }
  const habits = habitsOf(seen, matching);
  const mayBecome = (task: Task, observation: Observation) =>
    isOfThatTime(task, observation) && mayBeAskedAs(task, observation, habits, matching);
  return new Map(lost.map((task): [string, Verdict] => [task.submissionId, verdictOf(task)]));

  function verdictOf(task: Task): Verdict {
    const found = byAddress.get(task.submissionId);
    // A task that another submission was answered with stays that one's.
    if (found !== undefined)
      return matching.ownTask(found.taskId) === undefined ? { kind: "found", seen: found } : UNDECIDABLE;
    if (!matching.isOfPayer(task)) return UNDECIDABLE;
    const candidates = anonymous.filter((observation) => mayBecome(task, observation));
    const [only] = candidates;
    if (only === undefined) return isComplete && wouldShow(task, habits) ? { kind: "absent" } : UNDECIDABLE;
    const hasTwin =
      candidates.length > 1 || matching.unanswered.filter((other) => mayBecome(other, only)).length > 1;
    const isDecidable = isComplete && matching.ownsToken && !hasTwin;
    return isDecidable && isRecognized(task, only, habits, matching)
      ? { kind: "found", seen: only }
      : UNDECIDABLE;
  }
}

/**
 * How much of a submission this upstream's records show. That they show all of it is documented, and was never seen:
 * what the records of known tasks show is better evidence.
 */
interface Habits {
  /** Whether what was sent with an address of ours has it; undefined where no record tells. */
  showAddress: boolean | undefined;
  /** Whether what was asked is in them as it was asked: false where a record tells that it is not. */
  showRequest: boolean;
}

function habitsOf(seen: readonly Observation[], { ownTask }: Matching): Habits {
  const known = seen.flatMap((observation) => {
    const task = ownTask(observation.taskId);
    return task === undefined ? [] : [{ task, observation }];
  });
  const withAddress = known.filter(({ task }) => task.rings !== null);
  return {
    showAddress:
      withAddress.length === 0
        ? undefined
        : withAddress.every(({ observation }) => observation.callbackUrl !== undefined),
    showRequest: known.every(({ task, observation }) => isAskedAs(task, observation)),
  };
}

/** Whether the record of a submission, if there were one, would be seen to be that. */
const wouldShow = (task: Task, { showAddress, showRequest }: Habits): boolean =>
  showRequest || (task.rings !== null && showAddress === true);

/** Whether a record that nobody else's address is in may be that of a submission. What it does not show excludes nothing. */
function mayBeAskedAs(
  task: Task,
  seen: Observation,
  { showAddress }: Habits,
  callbacks: CallbackReader,
): boolean {
  const { callbackUrl } = seen;
  // It may have been sent with the address before `SECRET_KEY` was changed, and a caller's own address may look like
  // one: then nobody can tell, and it is no proof.
  const isSealed = callbackUrl !== undefined && callbacks.looksLikeOurs(callbackUrl);
  const hasRightAddress =
    task.rings === null || isSealed || (callbackUrl === undefined && showAddress !== true);
  if (!hasRightAddress) return false;
  return ((callbackUrl === undefined || isSealed) && showsNothing(seen)) || isAskedAs(task, seen);
}

/** Whether it is the submission's for certain, where nothing else may be: by all that it should show. */
const isRecognized = (
  task: Task,
  seen: Observation,
  { showAddress }: Habits,
  callbacks: CallbackReader,
): boolean =>
  (task.rings === null || showAddress === false) &&
  (seen.callbackUrl === undefined || !callbacks.looksLikeOurs(seen.callbackUrl)) &&
  isAskedAs(task, seen);

/**
 * Whether a record may be what a submission without an answer became.
 * @param callbacks tells whose address is in the record.
 */
export function mayBe(task: Task, seen: Observation, callbacks: CallbackReader): boolean {
  const { callbackUrl } = seen;
  if (callbackUrl !== undefined && callbacks.isOurs(callbackUrl))
    return callbacks.submissionOf(callbackUrl) === task.submissionId;
  // What is alike may be the answer of a request on its way; what became of a lost one, the search finds out first.
  return task.lostAtMs === null && isOfThatTime(task, seen) && isAskedAs(task, seen);
}

const isOfThatTime = (task: Task, { createdAtMs }: Observation): boolean =>
  createdAtMs === undefined || Math.abs(createdAtMs - task.createdAtMs) <= CLOCKS_DIFFER_MS;

const showsNothing = ({ request }: Observation): boolean => Object.keys(request).length === 0;

/** Whether a record has all that was asked. */
function isAskedAs(task: Task, seen: Observation): boolean {
  if (seen.tool !== undefined && seen.tool !== task.tool) return false;
  const asked = new Map<string, unknown>(Object.entries(seen.request));
  return Object.entries(task.request).every(
    ([field, value]) => JSON.stringify(asked.get(field)) === JSON.stringify(value),
  );
}
