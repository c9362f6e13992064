import { fail, ok, type Result } from "../errors.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { nextUtcDayMs, utcDay } from "./usage-store.ts";

/** What the account's own limits leave, before anything is written or sent. Nothing in here awaits. */
export function checkAllowance(is: LedgerDependencies, priceKey: string): Result<undefined> {
  const { account, deployment, prices } = is.limits;
  const nowMs = is.now();
  // Without a price nobody knows what the day's credits would come to.
  if (deployment.creditsPerDay !== undefined && prices[priceKey] === undefined)
    return fail({ kind: "price_missing", priceKey });
  const inFlight = is.tasks.countInFlight();
  if (account.inFlight !== undefined && inFlight >= account.inFlight)
    return fail({
      kind: "limit_reached",
      limit: "MAX_TASKS_IN_FLIGHT",
      used: inFlight,
      allowed: account.inFlight,
      resetsAtMs: null,
    });
  const today = is.usage.generationsSince(utcDay(nowMs));
  if (account.perDay !== undefined && today >= account.perDay)
    return fail({
      kind: "limit_reached",
      limit: "DAILY_GENERATION_LIMIT",
      used: today,
      allowed: account.perDay,
      resetsAtMs: nextUtcDayMs(nowMs),
    });
  return ok(undefined);
}
