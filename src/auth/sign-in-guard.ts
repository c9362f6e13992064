import { DurableObject } from "cloudflare:workers";
import { GUESSES } from "./sign-in-limits.ts";

const ALL = "*";
const DDL = `
  CREATE TABLE IF NOT EXISTS attempt (bucket TEXT NOT NULL, at_ms INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS attempt_by_bucket ON attempt (bucket, at_ms);
`;

export interface Attempt {
  /** Who guesses: a device that signed in before, or the address. */
  bucket: string;
  /** A browser that proved itself before is not held by the common count, so strangers cannot lock the owner out. */
  isKnownDevice: boolean;
}

/**
 * Counts the guesses at the passphrase of a deployment, exactly and for all its isolates together: one object.
 * Header clients never come by here; the length of the key protects them.
 */
export class SignInGuard extends DurableObject<unknown> {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(DDL);
  }

  /**
   * Reserves an attempt before anything is compared, so that parallel guesses cannot slip through.
   * @returns 0, or the seconds to wait, also for somebody who knows the key.
   */
  reserve(attempt: Attempt): number {
    const nowMs = Date.now();
    this.ctx.storage.sql.exec("DELETE FROM attempt WHERE at_ms <= ?", nowMs - GUESSES.inAll.windowMs);
    const waitsMs = [
      this.#waitMs(attempt.bucket, GUESSES.perSource, nowMs),
      attempt.isKnownDevice ? 0 : this.#waitMs(ALL, GUESSES.inAll, nowMs),
    ];
    const waitMs = Math.max(...waitsMs);
    if (waitMs > 0) return Math.ceil(waitMs / 1000);
    for (const bucket of bucketsOf(attempt))
      this.ctx.storage.sql.exec("INSERT INTO attempt (bucket, at_ms) VALUES (?, ?)", bucket, nowMs);
    return 0;
  }

  /** The guess was right: the source starts afresh, and the common count gets its reservation back. */
  succeeded({ bucket, isKnownDevice }: Attempt): void {
    const { sql } = this.ctx.storage;
    sql.exec("DELETE FROM attempt WHERE bucket = ?", bucket);
    if (!isKnownDevice)
      sql.exec(
        "DELETE FROM attempt WHERE rowid = (SELECT rowid FROM attempt WHERE bucket = ? ORDER BY at_ms DESC LIMIT 1)",
        ALL,
      );
  }

  #waitMs(bucket: string, { most, windowMs }: { most: number; windowMs: number }, nowMs: number): number {
    const { count, first } = this.ctx.storage.sql
      .exec<{ count: number; first: number | null }>(
        "SELECT count(*) AS count, min(at_ms) AS first FROM attempt WHERE bucket = ? AND at_ms > ?",
        bucket,
        nowMs - windowMs,
      )
      .one();
    return count >= most && first !== null ? first + windowMs - nowMs : 0;
  }
}

const bucketsOf = ({ bucket, isKnownDevice }: Attempt): string[] =>
  isKnownDevice ? [bucket] : [bucket, ALL];
