import { z } from "zod";
import { sha256, sha256Hex } from "./digest.ts";
import type { OAuthStore } from "./oauth-store.ts";

/** As many objects as all OAuth state is spread over; fixed, since keys would not be found after a change. */
const SHARDS = 16;
/** Workers KV refuses longer keys, and so a `client_id` of a kilobyte would be a 500: here it is not there. */
const MAX_KEY_BYTES = 512;
const MAX_PAGE = 1000;

/** What somebody read had changed when they wrote: a code, a consent or a refresh token that another request used. */
export class StaleWriteError extends Error {
  constructor() {
    super("The entry was used or changed by another request at the same time");
    this.name = "StaleWriteError";
  }
}

/**
 * Keys whose value may be used once: the library reads, decides and writes, and two requests that read the same must
 * not both write. Workers KV cannot tell (the library's docs say so); with revisions exactly one wins.
 */
const USED_ONCE = /^(grant|transaction|client-assertion-jti):/;

const typeSchema = z.union([z.literal("json"), z.object({ type: z.literal("json") })]);
const putOptionsSchema = z.object({
  expirationTtl: z.number().optional(),
  expiration: z.number().optional(),
  metadata: z.unknown().optional(),
});
const listOptionsSchema = z.object({
  prefix: z.string(),
  limit: z.number().max(MAX_PAGE).default(MAX_PAGE),
  cursor: z.string().default(""),
});

/**
 * The part of the Workers KV interface that the OAuth library uses, over the shards, for one request: it remembers
 * which revisions the request has read.
 */
export class OAuthStorage {
  readonly #shards: DurableObjectNamespace<OAuthStore>;
  readonly #revisions = new Map<string, number>();
  /** Used by this very request: a refresh that is run again brings the same assertion, which is no replay then. */
  readonly #assertions = new Set<string>();

  constructor(shards: DurableObjectNamespace<OAuthStore>) {
    this.#shards = shards;
  }

  async get(key: string, type?: unknown): Promise<unknown> {
    if (isTooLong(key) || this.#assertions.has(key)) return null;
    const stored = await this.#shardOf(key).read(key);
    this.#revisions.set(key, stored?.revision ?? 0);
    if (stored === undefined) return null;
    return typeSchema.safeParse(type).success ? parse(stored.value) : stored.value;
  }

  /** Throws `StaleWriteError` where another request got there first, or revoked what a token is of. */
  async put(key: string, value: string, options: unknown = {}): Promise<void> {
    if (isTooLong(key)) throw new RangeError("The key is longer than 512 bytes");
    const { expiration, expirationTtl, metadata } = putOptionsSchema.parse(options);
    const revision = await this.#shardOf(key).write(key, value, {
      expiration: expirationTtl === undefined ? expiration : Math.floor(Date.now() / 1000) + expirationTtl,
      metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
      ifRevision: USED_ONCE.test(key) ? this.#revisions.get(key) : undefined,
      ifPresent: grantOf(key),
    });
    if (revision === undefined) throw new StaleWriteError();
    this.#revisions.set(key, revision);
    if (key.startsWith("client-assertion-jti:")) this.#assertions.add(key);
  }

  /** Throws `StaleWriteError` where a transaction that was read is gone: it can be consumed once. */
  async delete(key: string): Promise<void> {
    if (isTooLong(key)) return;
    const removed = await this.#shardOf(key).remove(key);
    if (!removed && key.startsWith("transaction:")) throw new StaleWriteError();
  }

  /** Only within one person's part: a list across shards would have to ask all of them, and nothing needs it. */
  async list(options: unknown) {
    const { prefix, limit, cursor } = listOptionsSchema.parse(options);
    if (personIn(prefix) === undefined) throw new RangeError("Lists across shards are not supported");
    const page = await this.#shardOf(prefix).list(prefix, limit, cursor);
    const keys = page.keys.map(({ metadata, ...key }) => ({
      ...key,
      ...(metadata !== undefined && { metadata: parse(metadata) }),
    }));
    return page.cursor === undefined
      ? { keys, list_complete: true }
      : { keys, list_complete: false, cursor: page.cursor };
  }

  #shardOf(key: string) {
    return shardOf(this.#shards, key);
  }
}

/**
 * Redeems a code unless it is being redeemed at this moment. To the library everybody who comes second is a replay,
 * and it revokes what the first one has just been given: right for a thief, and wrong for an app that asks twice.
 * @returns undefined for whoever comes while another one is at it.
 */
export async function redeemAlone<T>(
  shards: DurableObjectNamespace<OAuthStore>,
  code: string,
  redeem: () => Promise<T>,
): Promise<T | undefined> {
  const shard = shardOf(shards, `grant:${code}`);
  const id = sha256Hex(code);
  if (!(await shard.beginRedemption(id))) return undefined;
  try {
    return await redeem();
  } finally {
    // Given up by itself otherwise; the code was redeemed all the same.
    await shard.endRedemption(id).catch(() => undefined);
  }
}

function shardOf(shards: DurableObjectNamespace<OAuthStore>, key: string) {
  const [first = 0] = sha256(`shard:${personIn(key) ?? key}`);
  return shards.getByName(`shard-${first % SHARDS}`);
}

/** Grants and tokens carry their person in the key, so that all of one person's are in one shard. */
const personIn = (key: string): string | undefined => /^(?:grant|token):([^:]+):/.exec(key)?.[1];

/** The grant that a token is of, which is in the same shard. */
const grantOf = (key: string): string | undefined => {
  const [, grant] = /^token:([^:]+:[^:]+):/.exec(key) ?? [];
  return grant && `grant:${grant}`;
};

const parse = (text: string): unknown => JSON.parse(text);

const isTooLong = (key: string): boolean => new TextEncoder().encode(key).length > MAX_KEY_BYTES;
