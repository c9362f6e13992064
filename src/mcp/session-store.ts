import { z } from "zod";

/** A session that was not used for this long is over. */
export const SESSION_UNUSED_MS = 30 * 86_400_000;
/** When an account opens more, the one unused for longest is over: its client gets 404 and opens another. */
export const MAX_SESSIONS = 200;
/** An object that nobody uses is woken once a day at most to end sessions. */
const EXPIRY_PATIENCE_MS = 86_400_000;
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
  readonly #onEnded: (sessionId: string) => void;
  /** When the sessions that this object has seen were last written down: those need no look at their row. */
  readonly #seenAtMs = new Map<string, number>();

  /** @param onEnded told of every session that is over. */
  constructor(sql: SqlStorage, now: () => number, onEnded: (sessionId: string) => void) {
    this.#sql = sql;
    this.#now = now;
    this.#onEnded = onEnded;
  }

  /** @returns whether a session is not over, and notes that it was used. */
  use(sessionId: string): boolean {
    const nowMs = this.#now();
    if (nowMs - (this.#seenAtMs.get(sessionId) ?? 0) <= SEEN_PRECISION_MS) return true;
    const { rowsWritten } = this.#sql.exec(
      "UPDATE session SET seen_at_ms = ? WHERE session_id = ? AND seen_at_ms > ?",
      nowMs,
      sessionId,
      nowMs - SESSION_UNUSED_MS,
    );
    if (rowsWritten === 0) return false;
    this.#seenAtMs.set(sessionId, nowMs);
    return true;
  }

  /** @returns what the transport of a session needs to go on after the object slept. */
  state(sessionId: string): SessionState {
    const { state } = this.#sql
      .exec<{ state: string }>("SELECT state FROM session WHERE session_id = ?", sessionId)
      .one();
    return stateSchema.parse(JSON.parse(state));
  }

  /** Keeps a session, and ends those that are too old or too many. @returns the ids of those. */
  save(sessionId: string, state: unknown): string[] {
    this.#sql.exec(
      "INSERT INTO session (session_id, state, seen_at_ms) VALUES (?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET state = excluded.state",
      sessionId,
      JSON.stringify(state),
      this.#now(),
    );
    this.#seenAtMs.set(sessionId, this.#now());
    const tooMany = this.#endAll(
      `session_id IN
         (SELECT session_id FROM session WHERE session_id <> ? ORDER BY seen_at_ms DESC LIMIT -1 OFFSET ?)`,
      sessionId,
      MAX_SESSIONS - 1,
    );
    return [...this.expire(), ...tooMany];
  }

  /** Ends the sessions that are too old. @returns their ids. */
  expire = (): string[] => this.#endAll("seen_at_ms <= ?", this.#now() - SESSION_UNUSED_MS);

  /** @returns when to end what is too old by then, or null when there is no session. An idle object wakes for it. */
  nextExpiryMs(): number | null {
    const { seen } = this.#sql
      .exec<{ seen: number | null }>("SELECT min(seen_at_ms) AS seen FROM session")
      .one();
    return seen === null ? null : seen + SESSION_UNUSED_MS + EXPIRY_PATIENCE_MS;
  }

  end(sessionId: string): void {
    this.#sql.exec("DELETE FROM session WHERE session_id = ?", sessionId);
    this.#forget(sessionId);
  }

  /** Notes that a session's stream is open. @returns when the one before was closed, if that was noticed. */
  streamOpened(sessionId: string): number | null {
    const [row] = this.#sql
      .exec<{ closed: number | null }>(
        "SELECT stream_closed_at_ms AS closed FROM session WHERE session_id = ?",
        sessionId,
      )
      .toArray();
    this.#sql.exec("UPDATE session SET stream_closed_at_ms = NULL WHERE session_id = ?", sessionId);
    return row?.closed ?? null;
  }

  streamClosed(sessionId: string): void {
    this.#sql.exec("UPDATE session SET stream_closed_at_ms = ? WHERE session_id = ?", this.#now(), sessionId);
  }

  #endAll(which: string, ...bindings: (string | number)[]): string[] {
    return this.#sql
      .exec<{ session_id: string }>(`DELETE FROM session WHERE ${which} RETURNING session_id`, ...bindings)
      .toArray()
      .map(({ session_id }) => {
        this.#forget(session_id);
        return session_id;
      });
  }

  #forget(sessionId: string): void {
    this.#seenAtMs.delete(sessionId);
    this.#onEnded(sessionId);
  }
}
