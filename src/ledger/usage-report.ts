import { roundCredits } from "../config/limits.ts";
import type { BudgetStatus } from "./budget.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { nextUtcDayMs, type Usage, utcDay } from "./usage-store.ts";

const MONTH_DAYS = 30;

/** One limit that is set, and how far it is used up. */
export interface LimitStatus {
  /** The variable that sets it. */
  limit: string;
  used: number;
  allowed: number;
  /** Never below 0: an owner may have lowered the limit meanwhile. */
  left: number;
  /** Null where it is not of a day. */
  resetsAtMs: number | null;
}

export interface UsageReport {
  today: Usage[];
  month: Usage[];
  inFlight: number;
  limits: LimitStatus[];
  /** Whether the deployment's own limits could be asked for. */
  isComplete: boolean;
}

/** What an account has ordered today and in the last 30 days, and what is left of the limits. */
export async function reportUsage(is: LedgerDependencies): Promise<UsageReport> {
  const { usage, tasks, limits, budget, now } = is;
  const today = utcDay(now());
  const resetsAtMs = nextUtcDayMs(now());
  const inFlight = tasks.countInFlight();
  const status: BudgetStatus | null | undefined = await budget?.status().catch(() => null);
  const { account, deployment } = limits;
  const statuses: [string, number | undefined, number | undefined, number | null][] = [
    ["MAX_TASKS_IN_FLIGHT", inFlight, account.inFlight, null],
    ["DAILY_GENERATION_LIMIT", usage.generationsSince(today), account.perDay, resetsAtMs],
    ["TEAM_MAX_TASKS_IN_FLIGHT", status?.inFlight, deployment.inFlight, null],
    ["TEAM_DAILY_GENERATION_LIMIT", status?.generations, deployment.perDay, resetsAtMs],
    ["MAX_CREDITS_PER_DAY", status?.credits, deployment.creditsPerDay, resetsAtMs],
  ];
  return {
    today: usage.since(today),
    month: usage.since(today - MONTH_DAYS + 1),
    inFlight,
    limits: statuses.flatMap(([limit, used, allowed, resets]) =>
      used === undefined || allowed === undefined
        ? []
        : [{ limit, used, allowed, left: roundCredits(Math.max(0, allowed - used)), resetsAtMs: resets }],
    ),
    isComplete: status !== null,
  };
}
