import { AsyncLocalStorage } from "node:async_hooks";
import { deriveKey } from "../config/derived-key.ts";
import type { LedgerCredential } from "../ledger/dependencies.ts";
import { POLLING_INTERVAL_MS } from "../ledger/schedule.ts";
import { seal, unseal } from "./sealing.ts";

/** What a deployment gives an account to pay and ask with. */
export interface CredentialSettings {
  /** The deployment's own token, which serves everybody. */
  deploymentToken: string | undefined;
  secretKey: string | undefined;
  /** The account's name. */
  account: string;
  /** @returns epoch milliseconds. */
  now(): number;
}

/**
 * The token that an account's object pays and asks with. Where everybody pays for themselves it comes with the calls:
 * the watch may use it for as long as a call lasts, and it is kept, sealed, only while a task is in flight, so that
 * the alarm can go on. Without `SECRET_KEY` nothing is kept (auth-design.md, "Identity inside").
 *
 * One account may come with several tokens, of sign-ins before and after its owner made a new key. What a call pays
 * with is its own, never another's: a key that was taken back pays for nothing. What the watch asks with is whichever
 * of them the upstream does not refuse.
 */
export class Credential implements LedgerCredential {
  readonly #sql: SqlStorage;
  readonly #settings: CredentialSettings;
  /** Not in the tools' context, so that no tool can answer or log it. */
  readonly #ofCall = new AsyncLocalStorage<string>();
  /** Of the calls under way, the latest last. */
  readonly #present: string[] = [];
  /** Tokens that the upstream refused, and until when they are not tried again. */
  readonly #refusedUntilMs = new Map<string, number>();
  /** What the sealed row says. */
  #kept: string | undefined;

  /**
   * Opens what was kept, after the object was out of memory. What cannot be opened (another `SECRET_KEY`, another
   * account's, damaged), or is not needed any more, is erased.
   */
  constructor(sql: SqlStorage, settings: CredentialSettings) {
    this.#sql = sql;
    this.#settings = settings;
    const [row] = sql.exec<{ sealed: string }>("SELECT sealed FROM credential").toArray();
    const { deploymentToken, secretKey, account } = settings;
    if (row !== undefined && deploymentToken === undefined && secretKey !== undefined)
      this.#kept = unseal(row.sealed, deriveKey(secretKey, "storedCredential"), account);
    if (row !== undefined && this.#kept === undefined) sql.exec("DELETE FROM credential");
  }

  /** Runs a call that came with a token. */
  async during<T>(token: string | undefined, call: () => Promise<T>): Promise<T> {
    if (token === undefined) return call();
    this.#present.push(token);
    try {
      return await this.#ofCall.run(token, call);
    } finally {
      this.#present.splice(this.#present.lastIndexOf(token), 1);
    }
  }

  /**
   * Keeps the token of the call under way for as long as a part of it runs: its answer may be a stream, and then the
   * exchange is over before the call is.
   */
  hold<T>(part: () => Promise<T>): Promise<T> {
    return this.during(this.#ofCall.getStore(), part);
  }

  ofCall(): string | undefined {
    return this.#settings.deploymentToken ?? this.#ofCall.getStore();
  }

  ofWatch(): string | undefined {
    const { deploymentToken, now } = this.#settings;
    if (deploymentToken !== undefined) return deploymentToken;
    return [this.#kept, ...this.#present.toReversed()].find(
      (token) => token !== undefined && (this.#refusedUntilMs.get(token) ?? 0) <= now(),
    );
  }

  isStanding(): boolean {
    return this.#settings.deploymentToken !== undefined || this.#kept !== undefined;
  }

  refused(token: string): void {
    const { deploymentToken, now } = this.#settings;
    if (token === deploymentToken) return;
    for (const [known, untilMs] of this.#refusedUntilMs)
      if (untilMs <= now()) this.#refusedUntilMs.delete(known);
    this.#refusedUntilMs.set(token, now() + POLLING_INTERVAL_MS);
    if (token === this.#kept) this.#erase();
  }

  /**
   * Keeps a token while tasks are in flight, and erases it with the last of them.
   * @param proven a token that the upstream has just taken: it replaces the one that is kept. Any other is kept only
   * where there is none, so that a dead one never pushes out one that works.
   */
  settle(isInFlight: boolean, proven?: string): void {
    const { deploymentToken, secretKey, account } = this.#settings;
    if (deploymentToken !== undefined || secretKey === undefined) return;
    if (!isInFlight) {
      this.#erase();
      return;
    }
    // What was refused a moment ago, and is taken now, is good again.
    if (proven !== undefined) this.#refusedUntilMs.delete(proven);
    const token = proven ?? this.ofWatch();
    if (token === undefined || token === this.#kept) return;
    const sealed = seal(token, deriveKey(secretKey, "storedCredential"), account);
    this.#sql.exec("REPLACE INTO credential (only_row, sealed) VALUES (1, ?)", sealed);
    this.#kept = token;
  }

  #erase(): void {
    if (this.#kept === undefined) return;
    this.#kept = undefined;
    this.#sql.exec("DELETE FROM credential");
  }
}
