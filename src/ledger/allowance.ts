import { fail, ok, type Result } from "../errors.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { nextUtcDayMs, utcDay } from "./usage-store.ts";

/**
 * What the account's own limits leave, before anything is written or sent. Nothing in here awaits, and nothing is
 * counted for a limit that is not set.
 * @param priceKey what is ordered, as prices are named.
 */
export function checkAllowance(is: LedgerDependencies, priceKey: string): Result<undefined> {
  const { account, deployment, prices } = is.limits;
  const nowMs = is.now();
  // Without a price nobody knows what the day's credits would come to.
  if (deployment.creditsPerDay !== undefined && prices[priceKey] === undefined)
    return fail({ kind: "price_missing", priceKey });
  if (account.inFlight !== undefined) {
    const used = is.tasks.countInFlight();
    if (used >= account.inFlight)
      return fail({
        kind: "limit_reached",
        limit: "MAX_TASKS_IN_FLIGHT",
        used,
        allowed: account.inFlight,
        resetsAtMs: null,
      });
  }
  if (account.perDay !== undefined) {
    const used = is.usage.generationsSince(utcDay(nowMs));
    if (used >= account.perDay)
      return fail({
        kind: "limit_reached",
        limit: "DAILY_GENERATION_LIMIT",
        used,
        allowed: account.perDay,
        resetsAtMs: nextUtcDayMs(nowMs),
      });
  }
  return ok(undefined);
}
