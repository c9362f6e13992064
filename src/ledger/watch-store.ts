import { z } from "zod";
import { type UpstreamFailure, upstreamFailureSchema } from "../errors.ts";
import type { TaskQuery } from "../veo/upstream-client.ts";

/** A question to the upstream about tasks that the ledger does not have: ids to adopt, or a page of history. */
export interface Lookup {
  key: string;
  query: TaskQuery;
  /** When it is due; null once it is answered. */
  dueAtMs: number | null;
  answeredAtMs: number | null;
  /** The submission ids of what was found, in the upstream's order. */
  found: string[];
}

/** The upstream's trouble with this account: since when, why, and until when it is left alone. */
export interface Trouble {
  failures: number;
  failure: UpstreamFailure;
  sinceMs: number;
  /** Null: the watch has stopped until somebody asks (the key is refused, the balance is gone). */
  notBeforeMs: number | null;
}

const stringsJson = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.string()));
const querySchema: z.ZodType<TaskQuery> = z.union([
  z.object({ ids: z.array(z.string()) }),
  z.object({ trace_ids: z.array(z.string()) }),
  z.object({
    offset: z.number(),
    limit: z.number(),
    type: z.string().exactOptional(),
    created_at_min: z.number().exactOptional(),
    created_at_max: z.number().exactOptional(),
  }),
]);
const lookupRowSchema = z.object({
  key: z.string(),
  query: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(querySchema),
  due_at_ms: z.number().nullable(),
  answered_at_ms: z.number().nullable(),
  found: stringsJson.nullable(),
});
const troubleRowSchema = z.object({
  failures: z.number(),
  failure: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(upstreamFailureSchema),
  since_ms: z.number(),
  not_before_ms: z.number().nullable(),
});

/** The rows beside the tasks that say what the watch has to do: lookups, the upstream's trouble, and its rings. */
export class WatchStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  lookup(key: string): Lookup | undefined {
    return this.#lookups("key = ?", key)[0];
  }

  dueLookups = (nowMs: number): Lookup[] => this.#lookups("due_at_ms <= ? ORDER BY due_at_ms", nowMs);

  nextLookupMs(): number | null {
    return this.#sql.exec<{ next: number | null }>("SELECT min(due_at_ms) AS next FROM lookup").one().next;
  }

  /** Makes a question due now, and forgets the answers that nobody may use any more. */
  ask(key: string, query: TaskQuery, nowMs: number, answersBeforeMs: number): void {
    this.forgetAnsweredBefore(answersBeforeMs);
    this.#sql.exec(
      "INSERT INTO lookup (key, query, due_at_ms) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET due_at_ms = excluded.due_at_ms, answered_at_ms = NULL, found = NULL",
      key,
      JSON.stringify(query),
      nowMs,
    );
  }

  forgetAnsweredBefore(ms: number): void {
    this.#sql.exec("DELETE FROM lookup WHERE answered_at_ms < ?", ms);
  }

  answer(key: string, found: string[], nowMs: number): void {
    this.#sql.exec(
      "UPDATE lookup SET due_at_ms = NULL, answered_at_ms = ?, found = ? WHERE key = ?",
      nowMs,
      JSON.stringify(found),
      key,
    );
  }

  /** Takes a question back that could not be answered: who asked was told why. */
  withdraw(key: string): void {
    this.#sql.exec("DELETE FROM lookup WHERE key = ?", key);
  }

  trouble(): Trouble | undefined {
    const [row] = this.#sql.exec("SELECT * FROM trouble").toArray();
    if (row === undefined) return undefined;
    const { failures, failure, since_ms, not_before_ms } = troubleRowSchema.parse(row);
    return { failures, failure, sinceMs: since_ms, notBeforeMs: not_before_ms };
  }

  setTrouble(trouble: Trouble): void {
    this.#sql.exec(
      "REPLACE INTO trouble (only_row, failures, failure, since_ms, not_before_ms) VALUES (1, ?, ?, ?, ?)",
      trouble.failures,
      JSON.stringify(trouble.failure),
      trouble.sinceMs,
      trouble.notBeforeMs,
    );
  }

  clearTrouble(): void {
    this.#sql.exec("DELETE FROM trouble");
  }

  /** @returns when the upstream last rang for this account, and it was true; null for never. */
  heardAtMs(): number | null {
    const [row] = this.#sql.exec<{ heard_at_ms: number }>("SELECT heard_at_ms FROM doorbell").toArray();
    return row?.heard_at_ms ?? null;
  }

  /** Notes at `nowMs` that rings come through, or that they do not; undefined says nothing of that. */
  heard(comeThrough: boolean | undefined, nowMs: number): void {
    if (comeThrough === true)
      this.#sql.exec("REPLACE INTO doorbell (only_row, heard_at_ms) VALUES (1, ?)", nowMs);
    else if (comeThrough === false) this.#sql.exec("DELETE FROM doorbell");
  }

  #lookups(rest: string, ...bindings: (string | number)[]): Lookup[] {
    const rows = this.#sql.exec(`SELECT * FROM lookup WHERE ${rest}`, ...bindings).toArray();
    return rows.map((row) => {
      const { key, query, due_at_ms, answered_at_ms, found } = lookupRowSchema.parse(row);
      return { key, query, dueAtMs: due_at_ms, answeredAtMs: answered_at_ms, found: found ?? [] };
    });
  }
}
