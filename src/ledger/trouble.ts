import { isKeyRefused, isOutOfCredits, type UpstreamFailure } from "../errors.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { backoffMs, POLLING_INTERVAL_MS } from "./schedule.ts";
import { isOpen } from "./task.ts";
import { afterFailedLook } from "./transitions.ts";

/** What the upstream's trouble means for the watch: when it is left alone, until when, and who is told. */

/** @returns why the upstream is being left alone, if it is. */
export function blockedBy({ watch, credential, now }: LedgerDependencies): UpstreamFailure | undefined {
  const trouble = watch.trouble();
  if (trouble === undefined) return undefined;
  const isPausing = trouble.notBeforeMs === null || trouble.notBeforeMs > now();
  // With nothing but refused keys at hand it is being left alone too.
  return isPausing || credential.ofWatch() === undefined ? trouble.failure : undefined;
}

/** @returns when the upstream is asked for what is due at `dueMs`: not while it is left alone; null while nobody asks. */
export function askedAtMs({ watch, credential }: LedgerDependencies, dueMs: number): number | null {
  const trouble = watch.trouble();
  if (trouble?.notBeforeMs === null || credential.ofWatch() === undefined) return null;
  return Math.max(dueMs, trouble?.notBeforeMs ?? 0);
}

/**
 * Lets a stopped watch go on when somebody asks again, at most once per polling interval.
 * @returns whether it had stopped and goes on.
 */
export function resumeWatch({ watch, now }: LedgerDependencies): boolean {
  const trouble = watch.trouble();
  if (trouble?.notBeforeMs !== null || now() - trouble.sinceMs < POLLING_INTERVAL_MS) return false;
  watch.setTrouble({ ...trouble, notBeforeMs: now() });
  return true;
}

/** An order that the upstream took shows that the key and the balance are good again: a stopped watch goes on. */
export function liftStop({ watch }: LedgerDependencies): void {
  if (watch.trouble()?.notBeforeMs === null) watch.clearTrouble();
}

/**
 * Writes a failure down, so that the next round comes later, and answers who asked with it.
 * @param token that the upstream was asked with.
 */
export function writeDownTrouble(is: LedgerDependencies, failure: UpstreamFailure, token: string): void {
  const { tasks, watch, credential, now, random } = is;
  const failures = (watch.trouble()?.failures ?? 0) + 1;
  const retryAfterSeconds = failure.kind === "status" ? failure.retryAfterSeconds : undefined;
  const isRefused = isKeyRefused(failure);
  if (isRefused) credential.refused(token);
  // Asking again with an empty balance, or with the same key, helps nobody: the watch stops until the next query.
  const stopped = isOutOfCredits(failure) || (isRefused && credential.ofWatch() === token);
  const waitMs = isRefused ? 0 : backoffMs(failures, random(), retryAfterSeconds);
  const notBeforeMs = stopped ? null : now() + waitMs;
  watch.setTrouble({ failures, failure, sinceMs: now(), notBeforeMs });
  // Who asked is told why; nobody watches these, so nothing of them stays due.
  for (const lookup of watch.dueLookups(now())) watch.withdraw(lookup.key);
  for (const task of tasks.due(now()))
    if (!isOpen(task)) recordChange(is, task, afterFailedLook(task, now()));
}
