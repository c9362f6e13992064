import type { Observation } from "../veo/observation.ts";
import type { CallbackReader } from "./dependencies.ts";
import { CLOCKS_DIFFER_MS } from "./schedule.ts";
import type { Task } from "./task.ts";

/**
 * What became of submissions whose answer never came: pure decisions about what a list of the upstream's tasks says.
 */

/** `undecidable`: there is something that may be it, or may be another's, or the list may be missing it. */
export type Verdict = { kind: "found"; seen: Observation } | { kind: "absent" } | { kind: "undecidable" };

export interface Listing {
  seen: readonly Observation[];
  /** Whether everything that the upstream has around that time is in it. */
  isComplete: boolean;
}

export interface Matching extends CallbackReader {
  /** @returns whether the ledger has a task of its own making under this id. */
  isTaken(taskId: string): boolean;
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
    else if (!matching.isTaken(taskId) && (callbackUrl === undefined || !matching.isOurs(callbackUrl)))
      anonymous.push(observation);
  }
  return new Map(lost.map((task): [string, Verdict] => [task.submissionId, verdictOf(task)]));

  function verdictOf(task: Task): Verdict {
    const found = byAddress.get(task.submissionId);
    if (found !== undefined) return { kind: "found", seen: found };
    const like = anonymous.filter((observation) => isLike(task, observation));
    const [only] = like;
    if (only !== undefined && like.length === 1 && matching.ownsToken)
      if (matching.unanswered.filter((other) => isLike(other, only)).length === 1)
        return { kind: "found", seen: only };
    return isComplete && like.length === 0 ? { kind: "absent" } : { kind: "undecidable" };
  }
}

/**
 * Whether a record may be what a submission without an answer became.
 * @param callbacks tells whose address is in the record.
 */
export function mayBe(task: Task, seen: Observation, callbacks: CallbackReader): boolean {
  const { callbackUrl } = seen;
  if (callbackUrl !== undefined && callbacks.isOurs(callbackUrl))
    return callbacks.submissionOf(callbackUrl) === task.submissionId;
  return isLike(task, seen);
}

/** Whether a record without an address of ours may be of this submission: it has all that was asked, at that time. */
function isLike(task: Task, seen: Observation): boolean {
  // What was sent with an address of ours has it.
  if (task.rings !== null) return false;
  const isSameTool = seen.tool === undefined || seen.tool === task.tool;
  const isSameTime =
    seen.createdAtMs === undefined || Math.abs(seen.createdAtMs - task.createdAtMs) <= CLOCKS_DIFFER_MS;
  const asked = new Map<string, unknown>(Object.entries(seen.request));
  const isSameRequest = Object.entries(task.request).every(
    ([field, value]) => JSON.stringify(asked.get(field)) === JSON.stringify(value),
  );
  return isSameTool && isSameTime && isSameRequest;
}
