import { deriveSealingKey } from "../config/derived-key.ts";

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
 * it is lent for as long as a call lasts, and kept, sealed, only while a task is in flight, so that the alarm can go
 * on. Without `SECRET_KEY` nothing is kept (auth-design.md, "Identity inside").
 */
export class Credential {
  readonly #sql: SqlStorage;
  readonly #settings: CredentialSettings;
  /** Of the calls under way, the latest last. */
  readonly #lent: { token: string }[] = [];
  /** What the sealed row says, opened. */
  #kept: string | undefined;
  /** Changes of the row, one after the other: sealing takes a turn, in which rows may change again. */
  #settled: Promise<void> = Promise.resolve();

  constructor(sql: SqlStorage, settings: CredentialSettings) {
    this.#sql = sql;
    this.#settings = settings;
  }

  /** Opens what was kept, after the object was out of memory. What another `SECRET_KEY` sealed is erased. */
  async restore(): Promise<void> {
    const [row] = this.#sql.exec<{ sealed: string }>("SELECT sealed FROM credential").toArray();
    if (row === undefined) return;
    this.#kept = await this.#open(row.sealed);
    if (this.#kept === undefined) this.#sql.exec("DELETE FROM credential");
  }

  /** @returns the token to use now, if there is one. */
  current(): string | undefined {
    return this.#settings.deploymentToken ?? this.#lent.at(-1)?.token ?? this.#kept;
  }

  /** Whether there is one when nobody calls. */
  isStanding(): boolean {
    return this.#settings.deploymentToken !== undefined || this.#kept !== undefined;
  }

  /** Runs a call with the token that came with it. */
  async lend<T>(token: string | undefined, call: () => Promise<T>): Promise<T> {
    if (token === undefined) return call();
    const entry = { token };
    this.#lent.push(entry);
    try {
      return await call();
    } finally {
      this.#lent.splice(this.#lent.indexOf(entry), 1);
    }
  }

  /**
   * Keeps the token of a call while tasks are in flight, and erases it with the last of them.
   * @param isInFlight asked again after every turn: the rows decide, not the moment of the call.
   */
  settle(isInFlight: () => boolean): Promise<void> {
    this.#settled = this.#settled.then(() => this.#settle(isInFlight));
    return this.#settled;
  }

  async #settle(isInFlight: () => boolean): Promise<void> {
    if (this.#settings.deploymentToken !== undefined) return;
    if (!isInFlight()) return this.#erase();
    const token = this.#lent.at(-1)?.token;
    if (token === undefined || token === this.#kept) return;
    const sealed = await this.#seal(token);
    if (sealed === undefined || !isInFlight()) return;
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
    const opened = await crypto.subtle
      .decrypt(this.#algorithm(Uint8Array.fromBase64(iv)), key, Uint8Array.fromBase64(text))
      .catch(() => undefined);
    return opened === undefined ? undefined : new TextDecoder().decode(opened);
  }

  #algorithm = (iv: Uint8Array<ArrayBuffer>) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(this.#settings.account),
  });
}
