/** What one stream, or one session, may be subscribed to. */
export const MAX_SUBSCRIPTIONS = 200;
/** Streams that an account may hold open at once. */
export const MAX_STREAMS = 50;
/**
 * A stream is only as good as the sign-in that it was opened with, which is not looked at again: it breaks off after
 * this, and whoever still may opens it again, and misses nothing.
 */
export const MAX_STREAM_MS = 3_600_000;

/**
 * Who is subscribed to what: a holder is a session, or an open stream. In rows, since a socket's attachment holds
 * 16 KB, and a session's subscriptions stay while its stream is closed.
 */
export class SubscriptionStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(holder: string, topic: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO subscription (holder, topic) VALUES (?, ?)", holder, topic);
  }

  remove(holder: string, topic: string): void {
    this.#sql.exec("DELETE FROM subscription WHERE holder = ? AND topic = ?", holder, topic);
  }

  /** Forgets all that a holder is subscribed to. */
  drop(holder: string): void {
    this.#sql.exec("DELETE FROM subscription WHERE holder = ?", holder);
  }

  topicsOf = (holder: string): string[] => this.#topics("holder = ?", holder);

  /** @returns who is subscribed to a topic. */
  holdersOf = (topic: string): string[] =>
    this.#sql
      .exec<{ holder: string }>("SELECT holder FROM subscription WHERE topic = ?", topic)
      .toArray()
      .map(({ holder }) => holder);

  /** Notes that what a topic stands for changed: a holder that could not be told hears of it later. */
  changed(holder: string, topic: string, nowMs: number): void {
    this.#sql.exec(
      "UPDATE subscription SET changed_at_ms = ? WHERE holder = ? AND topic = ?",
      nowMs,
      holder,
      topic,
    );
  }

  /** @returns what changed since then, the oldest change first. */
  changedSince = (holder: string, sinceMs: number): string[] =>
    this.#topics("holder = ? AND changed_at_ms >= ? ORDER BY changed_at_ms, topic", holder, sinceMs);

  /** Notes that a holder was told of a topic. */
  told(holder: string, topic: string): void {
    this.#sql.exec(
      "UPDATE subscription SET changed_at_ms = NULL WHERE holder = ? AND topic = ?",
      holder,
      topic,
    );
  }

  /** Forgets the streams that are not among those that are open: their sockets ended with the object. */
  keepStreams(isOpen: (holder: string) => boolean): void {
    const holders = this.#sql
      .exec<{ holder: string }>(
        `SELECT DISTINCT holder FROM subscription WHERE holder GLOB '${STREAM_PREFIX}*'`,
      )
      .toArray();
    for (const { holder } of holders) if (!isOpen(holder)) this.drop(holder);
  }

  #topics(rest: string, ...bindings: (string | number)[]): string[] {
    return this.#sql
      .exec<{ topic: string }>(`SELECT topic FROM subscription WHERE ${rest}`, ...bindings)
      .toArray()
      .map(({ topic }) => topic);
  }
}

const STREAM_PREFIX = "stream:";
/** @returns a holder for a stream that has no session, and so nothing that outlives it. */
export const newStreamHolder = (): string => `${STREAM_PREFIX}${crypto.randomUUID()}`;
export const isStreamHolder = (holder: string): boolean => holder.startsWith(STREAM_PREFIX);
