import { DurableObject } from "cloudflare:workers";

/** A value as it is kept; the revision grows with every write of its key. */
export interface StoredValue {
  value: string;
  revision: number;
}
export interface WriteOptions {
  /** Unix seconds. */
  expiration?: number | undefined;
  metadata?: string | undefined;
  /** Write only if the key has this revision; 0: only if it is not there. */
  ifRevision?: number | undefined;
  /** Write only if this key of the same shard is there. */
  ifPresent?: string | undefined;
}
export interface StoredPage {
  keys: { name: string; expiration?: number; metadata?: string }[];
  /** Where the next page begins; absent when this was the last one. */
  cursor?: string;
}

/** Expired rows read as absent at once; they are taken out together, at most so much later. */
const SWEEP_EVERY_MS = 3_600_000;
/** Far longer than a redemption takes: after this, the Worker that began it is gone. */
const REDEMPTION_MS = 30_000;
const DDL = `
  CREATE TABLE IF NOT EXISTS entry (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    revision INTEGER NOT NULL,
    expiration INTEGER,
    metadata TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entry_by_expiration ON entry (expiration) WHERE expiration IS NOT NULL;
`;
const LIVE = "(expiration IS NULL OR expiration > ?)";

/**
 * A shard of the OAuth state: what the authorization server keeps in Workers KV elsewhere. Here a read sees the
 * latest write, and a write can depend on what was read. Reached by RPC from our own Worker only.
 */
export class OAuthStore extends DurableObject<unknown> {
  /** An object that was only asked has no storage: an invented token must not leave one behind. */
  #hasTable: boolean;
  /** Redemptions under way and when each is given up, oldest first. In memory, where invented codes leave nothing. */
  readonly #redemptions = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#hasTable =
      ctx.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'entry'").toArray().length > 0;
  }

  read(key: string): StoredValue | undefined {
    if (!this.#hasTable) return undefined;
    const sql = `SELECT value, revision FROM entry WHERE key = ? AND ${LIVE}`;
    return this.ctx.storage.sql
      .exec<StoredValue & Record<string, SqlStorageValue>>(sql, key, nowSeconds())
      .toArray()[0];
  }

  /** @returns whether nobody else is at it. */
  beginRedemption(id: string): boolean {
    const nowMs = Date.now();
    for (const [begun, untilMs] of this.#redemptions) {
      if (untilMs > nowMs) break;
      this.#redemptions.delete(begun);
    }
    if (this.#redemptions.has(id)) return false;
    this.#redemptions.set(id, nowMs + REDEMPTION_MS);
    return true;
  }

  endRedemption(id: string): void {
    this.#redemptions.delete(id);
  }

  /** @returns the revision written, or undefined when something is not as the write depends on. */
  async write(key: string, value: string, options: WriteOptions): Promise<number | undefined> {
    const { sql } = this.ctx.storage;
    if (!this.#hasTable) sql.exec(DDL);
    this.#hasTable = true;
    const current = this.read(key)?.revision ?? 0;
    if (options.ifRevision !== undefined && options.ifRevision !== current) return undefined;
    if (options.ifPresent !== undefined && this.read(options.ifPresent) === undefined) return undefined;
    const { expiration = null, metadata = null } = options;
    sql.exec(
      "REPLACE INTO entry (key, value, revision, expiration, metadata) VALUES (?, ?, ?, ?, ?)",
      key,
      value,
      current + 1,
      expiration,
      metadata,
    );
    if (expiration !== null) await this.#armSweep();
    return current + 1;
  }

  /** Removes a key; with a grant go its tokens, in one step. @returns whether it was there. */
  remove(key: string): boolean {
    if (this.read(key) === undefined) return false;
    // The library removes the tokens first: a refresh in between would leave one that outlives its grant.
    const [, grant] = /^grant:(.+)$/.exec(key) ?? [];
    if (grant !== undefined)
      this.ctx.storage.sql.exec(
        "DELETE FROM entry WHERE key >= ?1 AND key < ?1 || char(0x10FFFF)",
        `token:${grant}:`,
      );
    this.ctx.storage.sql.exec("DELETE FROM entry WHERE key = ?", key);
    return true;
  }

  /** A page of the keys that begin with `prefix`, in order. */
  list(prefix: string, limit: number, after: string): StoredPage {
    if (!this.#hasTable) return { keys: [] };
    const rows = this.ctx.storage.sql
      .exec<{ key: string; expiration: number | null; metadata: string | null }>(
        `SELECT key, expiration, metadata FROM entry
         WHERE key >= ?1 AND key < ?1 || char(0x10FFFF) AND key > ?2 AND ${LIVE} ORDER BY key LIMIT ?`,
        prefix,
        after,
        nowSeconds(),
        limit + 1,
      )
      .toArray();
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      keys: shown.map(({ key, expiration, metadata }) => ({
        name: key,
        ...(expiration !== null && { expiration }),
        ...(metadata !== null && { metadata }),
      })),
      ...(last !== undefined && { cursor: last.key }),
    };
  }

  override async alarm(): Promise<void> {
    this.ctx.storage.sql.exec("DELETE FROM entry WHERE expiration <= ?", nowSeconds());
    await this.#armSweep();
  }

  /** Derived from the rows: one alarm an hour while something is there that expires, and none afterwards. */
  async #armSweep(): Promise<void> {
    const { next } = this.ctx.storage.sql
      .exec<{ next: number | null }>("SELECT min(expiration) AS next FROM entry WHERE expiration IS NOT NULL")
      .one();
    if (next === null) return this.ctx.storage.deleteAlarm();
    const sweepAtMs = Math.ceil((next * 1000) / SWEEP_EVERY_MS) * SWEEP_EVERY_MS;
    if ((await this.ctx.storage.getAlarm()) !== sweepAtMs) await this.ctx.storage.setAlarm(sweepAtMs);
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
