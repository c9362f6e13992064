import { DurableObject } from "cloudflare:workers";
import type { Limits } from "../config/limits.ts";
import type { BudgetAnswer, BudgetStatus, Reservation, Settlement } from "../ledger/budget.ts";
import { nextUtcDayMs, utcDay } from "../ledger/usage-store.ts";
import type { Bindings } from "./bindings.ts";
import { readSettings } from "./settings.ts";

/** A task ends within a day (see the schedule), so whatever is older was lost with its account. */
const IN_FLIGHT_MS = 26 * 3_600_000;
const KEPT_DAYS = 2;

/**
 * What all accounts of a deployment spend together: one object, so that its limits hold whoever orders at the same
 * moment. Used only where such a limit is set.
 */
export class DeploymentBudget extends DurableObject<Bindings> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS reservation (
        submission_id TEXT PRIMARY KEY,
        day INTEGER NOT NULL,
        reserved_at_ms INTEGER NOT NULL,
        credits REAL NOT NULL,
        in_flight INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS reservation_by_day ON reservation (day);
      CREATE INDEX IF NOT EXISTS reservation_in_flight ON reservation (reserved_at_ms) WHERE in_flight = 1;
    `);
  }

  /** Sets a generation aside, or says which limit is in its way. Asking again for the same one changes nothing. */
  async reserve({ submissionId, credits }: Reservation): Promise<BudgetAnswer> {
    const limits = this.#limits();
    if (limits === undefined) return { ok: false, kind: "unreachable" };
    const nowMs = Date.now();
    this.#forget(nowMs);
    if (
      this.#sql.exec("SELECT 1 FROM reservation WHERE submission_id = ?", submissionId).toArray().length > 0
    )
      return { ok: true };
    const { inFlight, generations, credits: spent } = this.#status(nowMs);
    const resetsAtMs = nextUtcDayMs(nowMs);
    const refuse = (limit: string, used: number, allowed: number, resets: number | null): BudgetAnswer => ({
      ok: false,
      kind: "limit",
      limit,
      used,
      allowed,
      resetsAtMs: resets,
    });
    if (limits.inFlight !== undefined && inFlight >= limits.inFlight)
      return refuse("TEAM_MAX_TASKS_IN_FLIGHT", inFlight, limits.inFlight, null);
    if (limits.perDay !== undefined && generations >= limits.perDay)
      return refuse("TEAM_DAILY_GENERATION_LIMIT", generations, limits.perDay, resetsAtMs);
    if (limits.creditsPerDay !== undefined && spent + (credits ?? 0) > limits.creditsPerDay)
      return refuse("MAX_CREDITS_PER_DAY", spent, limits.creditsPerDay, resetsAtMs);
    this.#sql.exec(
      "INSERT INTO reservation (submission_id, day, reserved_at_ms, credits, in_flight) VALUES (?, ?, ?, ?, 1)",
      submissionId,
      utcDay(nowMs),
      nowMs,
      credits ?? 0,
    );
    return { ok: true };
  }

  /** Notes how generations ended: what cost nothing is given back. */
  async settle(settlements: Settlement[]): Promise<void> {
    for (const { submissionId, isCharged } of settlements)
      this.#sql.exec(
        isCharged
          ? "UPDATE reservation SET in_flight = 0 WHERE submission_id = ?"
          : "DELETE FROM reservation WHERE submission_id = ?",
        submissionId,
      );
  }

  /** @returns what is used up of today. */
  async status(): Promise<BudgetStatus> {
    const nowMs = Date.now();
    this.#forget(nowMs);
    return this.#status(nowMs);
  }

  #status(nowMs: number): BudgetStatus {
    const { n: inFlight } = this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM reservation WHERE in_flight = 1")
      .one();
    const { n: generations, credits } = this.#sql
      .exec<{ n: number; credits: number }>(
        "SELECT count(*) AS n, coalesce(sum(credits), 0) AS credits FROM reservation WHERE day = ?",
        utcDay(nowMs),
      )
      .one();
    return { inFlight, generations, credits };
  }

  #forget(nowMs: number): void {
    this.#sql.exec(
      "UPDATE reservation SET in_flight = 0 WHERE in_flight = 1 AND reserved_at_ms < ?",
      nowMs - IN_FLIGHT_MS,
    );
    this.#sql.exec("DELETE FROM reservation WHERE day < ? AND in_flight = 0", utcDay(nowMs) - KEPT_DAYS);
  }

  #limits(): Limits["deployment"] | undefined {
    const settings = readSettings(this.env);
    return settings.ok ? settings.configuration.limits.deployment : undefined;
  }
}
