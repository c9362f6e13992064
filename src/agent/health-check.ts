import type { UpstreamFailure } from "../errors.ts";
import type { LedgerCredential } from "../ledger/dependencies.ts";
import type { UpstreamClient } from "../veo/upstream-client.ts";

/** Somebody who watches a server asks every few seconds; the upstream is asked this often at most. */
const REMEMBERED_MS = 60_000;

/** What the upstream said when it was last asked whether it is there. */
export interface UpstreamHealth {
  checkedAtMs: number;
  failure?: UpstreamFailure;
}

/** Asks the upstream whether it is there, with a free query. */
export class HealthCheck {
  readonly #upstream: UpstreamClient;
  readonly #credential: LedgerCredential;
  readonly #now: () => number;
  #latest: { atMs: number; health: Promise<UpstreamHealth> } | undefined;

  constructor(upstream: UpstreamClient, credential: LedgerCredential, now: () => number) {
    this.#upstream = upstream;
    this.#credential = credential;
    this.#now = now;
  }

  /** @returns the latest answer, if it is fresh; who comes while it is being asked for waits for the same one. */
  check(): Promise<UpstreamHealth> {
    const nowMs = this.#now();
    if (this.#latest === undefined || nowMs - this.#latest.atMs >= REMEMBERED_MS)
      this.#latest = { atMs: nowMs, health: this.#ask(nowMs) };
    return this.#latest.health;
  }

  async #ask(checkedAtMs: number): Promise<UpstreamHealth> {
    const token = this.#credential.ofCall();
    if (token === undefined)
      return { checkedAtMs, failure: { kind: "status", status: 401, code: "no_token" } };
    const answer = await this.#upstream.checkToken(token);
    return answer.ok ? { checkedAtMs } : { checkedAtMs, failure: answer.failure };
  }
}
