import { RESERVATION_KEPT_MS } from "./budget.ts";
import type { LedgerDependencies } from "./dependencies.ts";

/**
 * An object that nobody uses is woken once a day at most for this: what is old by then goes in one go. An old task that
 * somebody asked for stays as long: its end may only just have been learnt.
 */
const PATIENCE_MS = 86_400_000;
/** What one round forgets at most; the rest has a round of its own, at once. */
const AT_ONCE = 500;

/**
 * Forgets what is old, also where nobody orders anything any more: ended tasks after the retention, the days of the
 * usage after a month and a little, and answers to questions that nobody may use any more. What is open stays.
 */
export class Retention {
  readonly #is: Pick<LedgerDependencies, "tasks" | "usage" | "watch" | "now">;
  readonly #retentionMs: number;

  constructor(
    dependencies: Pick<LedgerDependencies, "tasks" | "usage" | "watch" | "now">,
    retentionMs: number,
  ) {
    this.#is = dependencies;
    this.#retentionMs = retentionMs;
  }

  /** @returns when something is to be forgotten, or null when nothing is kept that will be. */
  nextAtMs(): number | null {
    const { tasks, usage } = this.#is;
    const oldest = tasks.oldestEnded();
    const times = [
      oldest &&
        Math.max(
          oldest.createdAtMs + (oldest.isSettled ? this.#retentionMs : this.#unsettledMs),
          oldest.lookedAtMs ?? 0,
        ),
      usage.nextForgottenMs(),
    ].filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times) + PATIENCE_MS;
  }

  /** Forgets what is due; the alarm comes by for other reasons too. */
  run(): void {
    const { usage, watch, now } = this.#is;
    const nowMs = now();
    if ((this.nextAtMs() ?? Number.POSITIVE_INFINITY) > nowMs) return;
    this.forgetTasks(AT_ONCE);
    usage.forget(nowMs);
    watch.forgetAnsweredBefore(nowMs - PATIENCE_MS);
  }

  /** Forgets old tasks, at most `limit` of them. */
  forgetTasks(limit: number): void {
    const nowMs = this.#is.now();
    this.#is.tasks.forgetEnded(
      {
        createdBeforeMs: nowMs - this.#retentionMs,
        unsettledBeforeMs: nowMs - this.#unsettledMs,
        lookedUntilMs: nowMs - PATIENCE_MS,
      },
      limit,
    );
  }

  /** The deployment's budget is told first how a task ended, for as long as it wants to know. */
  get #unsettledMs(): number {
    return Math.max(this.#retentionMs, RESERVATION_KEPT_MS);
  }
}
