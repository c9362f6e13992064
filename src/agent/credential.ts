import { AsyncLocalStorage } from "node:async_hooks";
import { deriveSealingKey } from "../config/derived-key.ts";
import type { LedgerCredential } from "../ledger/dependencies.ts";

/** What a deployment gives an account to pay and ask with. */
export interface CredentialSettings {
  /** The deployment's own token, which serves everybody. */
  deploymentToken: string | undefined;
  secretKey: string | undefined;
  /** The account's name: what is sealed for one account opens for no other. */
  account: string;
}

const IV_BYTES = 12;

/**
 * The token that an account's object pays and asks with. Where everybody pays for themselves it comes with the calls:
 * it is lent to the watch for as long as a call is busy with tasks, and kept, sealed, only while a task is in flight,
 * so that the alarm can go on. Without `SECRET_KEY` nothing is kept (auth-design.md, "Identity inside").
 *
 * One account may come with several tokens, of sign-ins before and after its owner made a new key. What a call pays
 * with is its own, never another's: a key that was taken back pays for nothing. What the watch asks with is whichever
 * of them the upstream does not refuse.
 */
export class Credential implements LedgerCredential {
  readonly #sql: SqlStorage;
  readonly #settings: CredentialSettings;
  /** Not handed down as an argument: a session of the 2025 generation keeps one server for all of its calls. */
  readonly #ofCall = new AsyncLocalStorage<string | undefined>();
  /** Of the calls under way, the latest last. */
  readonly #lent: string[] = [];
  /** Refused since the upstream last answered well. */
  readonly #refused = new Set<string>();
  /** What the sealed row says, opened. */
  #kept: string | undefined;
  /** Changes of the row, one after the other: sealing takes a turn, in which rows may change again. */
  #settled: Promise<void> = Promise.resolve();

  constructor(sql: SqlStorage, settings: CredentialSettings) {
    this.#sql = sql;
    this.#settings = settings;
  }

  /**
   * Opens what was kept, after the object was out of memory. What cannot be opened (another `SECRET_KEY`, another
   * account's, damaged), or is not needed any more, is erased.
   */
  async restore(): Promise<void> {
    const [row] = this.#sql.exec<{ sealed: string }>("SELECT sealed FROM credential").toArray();
    if (row === undefined) return;
    if (this.#settings.deploymentToken === undefined) this.#kept = await this.#open(row.sealed);
    if (this.#kept === undefined) this.#sql.exec("DELETE FROM credential");
  }

  /** Runs a call that came with a token. */
  during<T>(token: string | undefined, call: () => Promise<T>): Promise<T> {
    return this.#ofCall.run(token, call);
  }

  ofCall(): string | undefined {
    return this.#settings.deploymentToken ?? this.#ofCall.getStore();
  }

  ofWatch(): string | undefined {
    const { deploymentToken } = this.#settings;
    if (deploymentToken !== undefined) return deploymentToken;
    return [this.#kept, ...this.#lent.toReversed()].find(
      (token) => token !== undefined && !this.#refused.has(token),
    );
  }

  isStanding(): boolean {
    return this.#settings.deploymentToken !== undefined || this.#kept !== undefined;
  }

  async lend<T>(work: () => Promise<T>): Promise<T> {
    const token = this.#ofCall.getStore();
    if (token === undefined) return work();
    this.#lent.push(token);
    try {
      return await work();
    } finally {
      this.#lent.splice(this.#lent.lastIndexOf(token), 1);
    }
  }

  refused(token: string): boolean {
    if (token === this.#settings.deploymentToken) return false;
    this.#refused.add(token);
    if (token === this.#kept) this.#erase();
    return this.ofWatch() !== undefined;
  }

  hasUntried(): boolean {
    return this.#refused.size > 0 && this.ofWatch() !== undefined;
  }

  forgive(): void {
    this.#refused.clear();
  }

  /**
   * Keeps a token while tasks are in flight, and erases it with the last of them.
   * @param isInFlight asked again after every turn: the rows decide, not the moment of the call.
   * @param proven a token that the upstream has just taken: it replaces the one that is kept. Any other is kept only
   * where there is none, so that a dead one never pushes out one that works.
   */
  settle(isInFlight: () => boolean, proven?: string): Promise<void> {
    const change = () => this.#settle(isInFlight, proven);
    // Whatever became of the change before: one that failed must not stop those that follow.
    this.#settled = this.#settled.then(change, change);
    return this.#settled;
  }

  async #settle(isInFlight: () => boolean, proven: string | undefined): Promise<void> {
    if (this.#settings.deploymentToken !== undefined) return;
    if (!isInFlight()) return this.#erase();
    const token = proven ?? this.ofWatch();
    if (token === undefined || token === this.#kept) return;
    const sealed = await this.#seal(token);
    if (sealed === undefined || !isInFlight() || this.#refused.has(token)) return;
    this.#sql.exec("REPLACE INTO credential (only_row, sealed) VALUES (1, ?)", sealed);
    this.#kept = token;
  }

  #erase(): void {
    if (this.#kept === undefined) return;
    this.#kept = undefined;
    this.#sql.exec("DELETE FROM credential");
  }

  async #seal(token: string): Promise<string | undefined> {
    const { secretKey } = this.#settings;
    if (secretKey === undefined) return undefined;
    const key = await deriveSealingKey(secretKey, "storedCredential");
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(this.#algorithm(iv), key, new TextEncoder().encode(token));
    return `${iv.toBase64()}.${new Uint8Array(sealed).toBase64()}`;
  }

  async #open(sealed: string): Promise<string | undefined> {
    const { secretKey } = this.#settings;
    const [iv, text] = sealed.split(".");
    if (secretKey === undefined || iv === undefined || text === undefined) return undefined;
    const key = await deriveSealingKey(secretKey, "storedCredential");
    try {
      const algorithm = this.#algorithm(Uint8Array.fromBase64(iv));
      const opened = await crypto.subtle.decrypt(algorithm, key, Uint8Array.fromBase64(text));
      return new TextDecoder().decode(opened);
    } catch {
      // Not base64, or not sealed with this key for this account. Thrown, it would keep the object from starting.
      return undefined;
    }
  }

  #algorithm = (iv: Uint8Array<ArrayBuffer>) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(this.#settings.account),
  });
}
