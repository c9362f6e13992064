import { z } from "zod";

/** A session that was not used for this long is over. */
export const SESSION_UNUSED_MS = 30 * 86_400_000;
/** When an account opens more, the one unused for longest is over: its client gets 404 and opens another. */
export const MAX_SESSIONS = 200;
/** How exactly the last use is known: a write for every call would cost more than it tells. */
const SEEN_PRECISION_MS = 3_600_000;

/** What the transport needs to go on with a session after the object slept: its `storage` shape, parsed. */
const stateSchema = z.object({
  sessionId: z.string().exactOptional(),
  initialized: z.boolean(),
  initializeParams: z
    .looseObject({
      protocolVersion: z.string(),
      capabilities: z.looseObject({}),
      clientInfo: z.looseObject({ name: z.string(), version: z.string() }),
    })
    .exactOptional(),
});
export type SessionState = z.infer<typeof stateSchema>;

/** The sessions of 2025-era clients. */
export class SessionStore {
  readonly #sql: SqlStorage;
  readonly #now: () => number;

  constructor(sql: SqlStorage, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** @returns a way to the state of a session that is not over, and notes that it was used. */
  use(sessionId: string): (() => SessionState) | undefined {
    const [row] = this.#sql
      .exec<{ state: string; seen_at_ms: number }>(
        "SELECT state, seen_at_ms FROM session WHERE session_id = ? AND seen_at_ms > ?",
        sessionId,
        this.#now() - SESSION_UNUSED_MS,
      )
      .toArray();
    if (row === undefined) return undefined;
    if (this.#now() - row.seen_at_ms > SEEN_PRECISION_MS)
      this.#sql.exec("UPDATE session SET seen_at_ms = ? WHERE session_id = ?", this.#now(), sessionId);
    return () => stateSchema.parse(JSON.parse(row.state));
  }

  /** Keeps a session, and ends those that are too old or too many. @returns the ids of those. */
  save(sessionId: string, state: unknown): string[] {
    this.#sql.exec(
      "INSERT INTO session (session_id, state, seen_at_ms) VALUES (?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET state = excluded.state",
      sessionId,
      JSON.stringify(state),
      this.#now(),
    );
    return this.#sql
      .exec<{ session_id: string }>(
        `DELETE FROM session WHERE seen_at_ms <= ?1 OR session_id IN
           (SELECT session_id FROM session WHERE session_id <> ?2 ORDER BY seen_at_ms DESC LIMIT -1 OFFSET ?3)
         RETURNING session_id`,
        this.#now() - SESSION_UNUSED_MS,
        sessionId,
        MAX_SESSIONS - 1,
      )
      .toArray()
      .map((row) => row.session_id);
  }

  end(sessionId: string): void {
    this.#sql.exec("DELETE FROM session WHERE session_id = ?", sessionId);
  }
}
