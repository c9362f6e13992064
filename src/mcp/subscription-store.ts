/** What one stream, or one session, may be subscribed to. */
export const MAX_SUBSCRIPTIONS = 200;
/** Streams that an account may hold open at once. */
export const MAX_STREAMS = 50;

/** Somebody who is to hear of a topic: a session, or an open stream. */
export interface Subscription {
  holder: string;
  topic: string;
}

/**
 * Who is subscribed to what. In rows, since a socket's attachment holds 16 KB, and a session's subscriptions stay
 * while its stream is closed.
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

  topicsOf = (holder: string): string[] =>
    this.#sql
      .exec<{ topic: string }>("SELECT topic FROM subscription WHERE holder = ?", holder)
      .toArray()
      .map(({ topic }) => topic);

  /** @returns who is subscribed to any of these topics. */
  to(topics: readonly string[]): Subscription[] {
    const places = topics.map(() => "?").join(", ");
    return this.#sql
      .exec<{ holder: string; topic: string }>(
        `SELECT holder, topic FROM subscription WHERE topic IN (${places})`,
        ...topics,
      )
      .toArray();
  }

  /** Notes that what a topic stands for changed: a holder whose stream is closed hears of it when it reopens. */
  changed({ holder, topic }: Subscription, nowMs: number): void {
    this.#sql.exec(
      "UPDATE subscription SET changed_at_ms = ? WHERE holder = ? AND topic = ?",
      nowMs,
      holder,
      topic,
    );
  }

  changedSince = (holder: string, sinceMs: number): string[] =>
    this.#sql
      .exec<{ topic: string }>(
        "SELECT topic FROM subscription WHERE holder = ? AND changed_at_ms >= ? ORDER BY changed_at_ms",
        holder,
        sinceMs,
      )
      .toArray()
      .map(({ topic }) => topic);

  /** Forgets the streams that are not among those that are open: their sockets ended with the object. */
  keepStreams(isOpen: (holder: string) => boolean): void {
    const holders = this.#sql
      .exec<{ holder: string }>(
        `SELECT DISTINCT holder FROM subscription WHERE holder >= ?1 AND holder < ?1 || x'ff'`,
        STREAM_PREFIX,
      )
      .toArray();
    for (const { holder } of holders) if (!isOpen(holder)) this.drop(holder);
  }
}

const STREAM_PREFIX = "stream:";
/** @returns a holder for a stream that has no session, and so nothing that outlives it. */
export const newStreamHolder = (): string => `${STREAM_PREFIX}${crypto.randomUUID()}`;
export const isStreamHolder = (holder: string): boolean => holder.startsWith(STREAM_PREFIX);
