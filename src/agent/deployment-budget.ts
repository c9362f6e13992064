import { DurableObject } from "cloudflare:workers";
import { type Limits, roundCredits } from "../config/limits.ts";
import type { LimitReached } from "../errors.ts";
import {
  type BudgetAnswer,
  type BudgetStatus,
  RESERVATION_KEPT_MS,
  type Reservation,
  type Settlement,
} from "../ledger/budget.ts";
import { nextUtcDayMs, utcDay } from "../ledger/usage-store.ts";
import type { Bindings } from "./bindings.ts";
import { readSettings } from "./settings.ts";

/**
 * A task is watched for a day (see the schedule). What is open for longer was lost with its account, or is an order that
 * is still searched for: neither is in the making any more, and nobody's trouble is to keep the others from ordering.
 */
const IN_FLIGHT_MS = 26 * 3_600_000;
const KEPT_DAYS = 2;

/**
 * What all accounts of a deployment spend together: one object, so that its limits hold whoever orders at the same
 * moment. Used only where such a limit is set. Each method is one step: nothing in them awaits.
 */
export class DeploymentBudget extends DurableObject<Bindings> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    // The sums of a day stand beside its reservations: adding up thousands of rows for every order would cost more
    // than the order. `state`: `open` until the account says that it was `charged` or is to be `released`.
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS reservation (
        submission_id TEXT PRIMARY KEY,
        reserved_at_ms INTEGER NOT NULL,
        credits REAL NOT NULL,
        state TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS reservation_by_age ON reservation (reserved_at_ms);
      CREATE INDEX IF NOT EXISTS reservation_open ON reservation (reserved_at_ms) WHERE state = 'open';
      CREATE TABLE IF NOT EXISTS day (
        day INTEGER PRIMARY KEY,
        generations INTEGER NOT NULL,
        credits REAL NOT NULL
      );
    `);
  }

  /** Sets a generation aside, or says which limit is in its way. Asking again for the same one changes nothing. */
  async reserve({ submissionId, credits }: Reservation): Promise<BudgetAnswer> {
    const limits = this.#limits();
    if (limits === undefined) return { ok: false, kind: "unreachable" };
    // While a deploy spreads, an account may not know yet that prices matter.
    if (limits.creditsPerDay !== undefined && credits === null) return { ok: false, kind: "unreachable" };
    const nowMs = Date.now();
    this.#forget(nowMs);
    const known = this.#find(submissionId);
    // Given back before it was asked for: whoever asked does not wait any more, and would not send it.
    if (known !== undefined)
      return known.state === "released" ? { ok: false, kind: "unreachable" } : { ok: true };
    const reached = this.#reached(limits, credits ?? 0, nowMs);
    if (reached !== undefined) return { ok: false, kind: "limit", reached };
    this.#insert(submissionId, nowMs, credits ?? 0, "open");
    this.#count(nowMs, 1, credits ?? 0);
    return { ok: true };
  }

  /** Notes how generations ended: what cost nothing is given back. */
  async settle(settlements: Settlement[]): Promise<void> {
    for (const { submissionId, isCharged } of settlements) {
      const known = this.#find(submissionId);
      // Its reservation may still be on its way: it must not count when it comes.
      if (known === undefined && !isCharged) this.#insert(submissionId, Date.now(), 0, "released");
      if (known?.state !== "open") continue;
      this.#sql.exec(
        "UPDATE reservation SET state = ? WHERE submission_id = ?",
        isCharged ? "charged" : "released",
        submissionId,
      );
      if (!isCharged) this.#count(known.reserved_at_ms, -1, -known.credits);
    }
  }

  /** @returns what is used up of today. */
  async status(): Promise<BudgetStatus> {
    const nowMs = Date.now();
    return { inFlight: this.#inFlight(nowMs), ...this.#today(nowMs) };
  }

  #reached(limits: Limits["deployment"], credits: number, nowMs: number): LimitReached | undefined {
    const inFlight = limits.inFlight === undefined ? 0 : this.#inFlight(nowMs);
    if (limits.inFlight !== undefined && inFlight >= limits.inFlight)
      return {
        limit: "TEAM_MAX_TASKS_IN_FLIGHT",
        used: inFlight,
        allowed: limits.inFlight,
        resetsAtMs: null,
      };
    const resetsAtMs = nextUtcDayMs(nowMs);
    const today = this.#today(nowMs);
    if (limits.perDay !== undefined && today.generations >= limits.perDay)
      return {
        limit: "TEAM_DAILY_GENERATION_LIMIT",
        used: today.generations,
        allowed: limits.perDay,
        resetsAtMs,
      };
    const credited = roundCredits(today.credits + credits);
    // 0 allows nothing, what is free neither.
    if (limits.creditsPerDay === 0 || (limits.creditsPerDay !== undefined && credited > limits.creditsPerDay))
      return {
        limit: "MAX_CREDITS_PER_DAY",
        used: today.credits,
        allowed: limits.creditsPerDay,
        needed: credits,
        resetsAtMs,
      };
    return undefined;
  }

  #inFlight(nowMs: number): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM reservation WHERE state = 'open' AND reserved_at_ms >= ?",
        nowMs - IN_FLIGHT_MS,
      )
      .one().n;
  }

  #today(nowMs: number): Omit<BudgetStatus, "inFlight"> {
    const [today] = this.#sql
      .exec<{ generations: number; credits: number }>(
        "SELECT generations, credits FROM day WHERE day = ?",
        utcDay(nowMs),
      )
      .toArray();
    return today ?? { generations: 0, credits: 0 };
  }

  #find(submissionId: string) {
    return this.#sql
      .exec<{ state: string; reserved_at_ms: number; credits: number }>(
        "SELECT state, reserved_at_ms, credits FROM reservation WHERE submission_id = ?",
        submissionId,
      )
      .toArray()[0];
  }

  #insert(submissionId: string, nowMs: number, credits: number, state: "open" | "released"): void {
    this.#sql.exec(
      "INSERT INTO reservation (submission_id, reserved_at_ms, credits, state) VALUES (?, ?, ?, ?)",
      submissionId,
      nowMs,
      credits,
      state,
    );
  }

  /** Adds to the day that a reservation was made on; a day that is forgotten stays so. */
  #count(reservedAtMs: number, generations: number, credits: number): void {
    const day = utcDay(reservedAtMs);
    if (generations > 0)
      this.#sql.exec("INSERT OR IGNORE INTO day (day, generations, credits) VALUES (?, 0, 0)", day);
    this.#sql.exec(
      "UPDATE day SET generations = generations + ?, credits = round(credits + ?, 4) WHERE day = ?",
      generations,
      credits,
      day,
    );
  }

  #forget(nowMs: number): void {
    this.#sql.exec("DELETE FROM reservation WHERE reserved_at_ms < ?", nowMs - RESERVATION_KEPT_MS);
    this.#sql.exec("DELETE FROM day WHERE day < ?", utcDay(nowMs) - KEPT_DAYS);
  }

  #limits(): Limits["deployment"] | undefined {
    const settings = readSettings(this.env);
    return settings.ok ? settings.configuration.limits.deployment : undefined;
  }
}
