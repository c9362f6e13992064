import type { Task } from "./task.ts";

const DAY_MS = 86_400_000;
/** Days are kept for a month and a little, whatever becomes of the tasks. */
const KEPT_DAYS = 40;

/** @returns the number of the UTC day. */
export const utcDay = (ms: number): number => Math.floor(ms / DAY_MS);
/** @returns when the next UTC day begins. */
export const nextUtcDayMs = (ms: number): number => (utcDay(ms) + 1) * DAY_MS;

/** What was ordered of one kind. Credits count only what has a known price; `unpriced` is how many have none. */
export interface Usage {
  tool: string;
  model: string;
  generations: number;
  credits: number;
  unpriced: number;
}

/** What an account ordered, by day: kept beside the tasks, since those are forgotten one day. */
export class UsageStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Counts a generation that is about to be sent. */
  add(task: Task): void {
    this.#count(task, 1);
    this.forget(task.createdAtMs);
  }

  /** Forgets the days that are too long ago. */
  forget(nowMs: number): void {
    this.#sql.exec("DELETE FROM usage WHERE day < ?", utcDay(nowMs) - KEPT_DAYS);
  }

  /** @returns when the oldest day that is kept is too long ago, or null when none is kept. */
  nextForgottenMs(): number | null {
    const { day } = this.#sql.exec<{ day: number | null }>("SELECT min(day) AS day FROM usage").one();
    return day === null ? null : (day + KEPT_DAYS + 1) * DAY_MS;
  }

  /** Takes one back that cost nothing: what was never ordered otherwise leaves no row. */
  undo(task: Task): void {
    this.#count(task, -1);
    this.#sql.exec("DELETE FROM usage WHERE day = ? AND generations <= 0", utcDay(task.createdAtMs));
  }

  /** @returns what was ordered from `fromDay` to now, by tool and model. */
  since(fromDay: number): Usage[] {
    return this.#sql
      .exec<{ [column in keyof Usage]: Usage[column] }>(
        `SELECT tool, model, sum(generations) AS generations, sum(credits) AS credits, sum(unpriced) AS unpriced
         FROM usage WHERE day >= ? GROUP BY tool, model ORDER BY sum(generations) DESC, tool, model`,
        fromDay,
      )
      .toArray();
  }

  /** @returns how many were ordered from `fromDay` to now. */
  generationsSince(fromDay: number): number {
    return this.#sql
      .exec<{ n: number }>("SELECT coalesce(sum(generations), 0) AS n FROM usage WHERE day >= ?", fromDay)
      .one().n;
  }

  #count({ createdAtMs, tool, request, credits }: Task, sign: 1 | -1): void {
    this.#sql.exec(
      `INSERT INTO usage (day, tool, model, generations, credits, unpriced) VALUES (?, ?, ?, ?4, ?5, ?6)
       ON CONFLICT (day, tool, model) DO UPDATE SET
         generations = generations + ?4, credits = credits + ?5, unpriced = unpriced + ?6`,
      utcDay(createdAtMs),
      tool ?? "",
      typeof request.model === "string" ? request.model : "",
      sign,
      sign * (credits ?? 0),
      credits === null ? sign : 0,
    );
  }
}
