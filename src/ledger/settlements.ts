import type { LedgerDependencies } from "./dependencies.ts";

/** How many endings are reported in one go. */
const AT_ONCE = 50;
/** When the deployment's budget cannot be reached, it is tried again after this. */
const RETRY_MS = 60_000;

/**
 * Tells the deployment's budget how its reservations ended. The rows say which are still to be told of, so that a crash
 * loses none; telling twice changes nothing.
 */
export class Settlements {
  readonly #is: Pick<LedgerDependencies, "tasks" | "budget" | "now">;
  #notBeforeMs = 0;

  constructor(dependencies: Pick<LedgerDependencies, "tasks" | "budget" | "now">) {
    this.#is = dependencies;
  }

  /** @returns when there is something to tell, or null. */
  nextAtMs(): number | null {
    const { tasks, budget, now } = this.#is;
    if (budget === undefined || tasks.unsettled(1).length === 0) return null;
    return Math.max(now(), this.#notBeforeMs);
  }

  async run(): Promise<void> {
    const { tasks, budget, now } = this.#is;
    if (budget === undefined || this.#notBeforeMs > now()) return;
    const ended = tasks.unsettled(AT_ONCE);
    if (ended.length === 0) return;
    try {
      await budget.settle(
        ended.map(({ submissionId, state, taskId }) => ({
          submissionId,
          // What the upstream never took, or refused, cost nothing.
          isCharged: !(state === "failed" && taskId === null),
        })),
      );
    } catch {
      this.#notBeforeMs = now() + RETRY_MS;
      return;
    }
    for (const { submissionId } of ended) tasks.settled(submissionId);
  }
}
