import type { Observation } from "../veo/observation.ts";
import type { CallbackReader } from "./dependencies.ts";
import { CLOCKS_DIFFER_MS } from "./schedule.ts";
import type { Task } from "./task.ts";

/**
 * What became of submissions whose answer never came: pure decisions about what a list of the upstream's tasks says.
 */

/** `undecidable`: there is something that may be it, or the list may be missing it. */
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
    // A task with an address of ours cannot be one without.
    const like = task.rings === null ? anonymous.filter((observation) => isLike(task, observation)) : [];
    const twins = lost.filter((other) => other.rings === null && other.requestHash === task.requestHash);
    const [only] = like;
    if (only !== undefined && like.length === 1 && twins.length === 1 && matching.ownsToken)
      return { kind: "found", seen: only };
    return isComplete && like.length === 0 ? { kind: "absent" } : { kind: "undecidable" };
  }
}

/** Whether a record may be of this submission: it has all that was asked, and is of that time. */
function isLike(task: Task, seen: Observation): boolean {
  const isSameTool = seen.tool === undefined || seen.tool === task.tool;
  const isSameTime =
    seen.createdAtMs === undefined || Math.abs(seen.createdAtMs - task.createdAtMs) <= CLOCKS_DIFFER_MS;
  const asked = new Map<string, unknown>(Object.entries(seen.request));
  const isSameRequest = Object.entries(task.request).every(
    ([field, value]) => JSON.stringify(asked.get(field)) === JSON.stringify(value),
  );
  return isSameTool && isSameTime && isSameRequest;
}
