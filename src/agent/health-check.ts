import { type UpstreamFailure, upstreamFailureSchema } from "../errors.ts";
import type { LedgerCredential } from "../ledger/dependencies.ts";
import type { UpstreamClient } from "../veo/upstream-client.ts";

/** Somebody who watches a server asks every few seconds; the upstream is asked this often at most. */
const HEALTH_REMEMBERED_MS = 60_000;

/** What the upstream said when it was last asked whether it is there. */
export interface UpstreamHealth {
  checkedAtMs: number;
  failure?: UpstreamFailure;
}

/**
 * Asks the upstream whether it is there, with a free query. The row is written before the request: an object leaves
 * memory within seconds, and neither that nor a crash may have the upstream asked again within the minute.
 */
export class HealthCheck {
  readonly #sql: SqlStorage;
  readonly #upstream: UpstreamClient;
  readonly #credential: LedgerCredential;
  readonly #now: () => number;
  #underWay: Promise<UpstreamHealth> | undefined;

  constructor(sql: SqlStorage, upstream: UpstreamClient, credential: LedgerCredential, now: () => number) {
    this.#sql = sql;
    this.#upstream = upstream;
    this.#credential = credential;
    this.#now = now;
  }

  /** @returns the latest answer, if it is fresh; who comes while it is being asked for waits for the same one. */
  async check(): Promise<UpstreamHealth> {
    if (this.#underWay !== undefined) return this.#underWay;
    const nowMs = this.#now();
    const latest = this.#read();
    if (latest !== undefined && nowMs - latest.checkedAtMs < HEALTH_REMEMBERED_MS) return latest;
    this.#underWay = this.#ask(nowMs).finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #ask(checkedAtMs: number): Promise<UpstreamHealth> {
    const token = this.#credential.ofCall();
    if (token === undefined)
      return { checkedAtMs, failure: { kind: "status", status: 401, code: "no_token" } };
    // Whoever reads this after a crash hears that no answer came, which is true.
    this.#write({ checkedAtMs, failure: { kind: "unreachable" } });
    const answer = await this.#upstream.checkToken(token);
    const health = answer.ok ? { checkedAtMs } : { checkedAtMs, failure: answer.failure };
    this.#write(health);
    return health;
  }

  #read(): UpstreamHealth | undefined {
    const [row] = this.#sql
      .exec<{ asked_at_ms: number; failure: string | null }>("SELECT asked_at_ms, failure FROM health_check")
      .toArray();
    if (row === undefined) return undefined;
    const { asked_at_ms: checkedAtMs, failure } = row;
    return failure === null
      ? { checkedAtMs }
      : { checkedAtMs, failure: upstreamFailureSchema.parse(JSON.parse(failure)) };
  }

  #write({ checkedAtMs, failure }: UpstreamHealth): void {
    this.#sql.exec(
      "REPLACE INTO health_check (only_row, asked_at_ms, failure) VALUES (1, ?, ?)",
      checkedAtMs,
      failure === undefined ? null : JSON.stringify(failure),
    );
  }
}
