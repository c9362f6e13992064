import { env } from "cloudflare:workers";
import type { OAuthStore } from "../../src/auth/oauth-store.ts";

type Shard = Pick<OAuthStore, "read" | "write" | "remove" | "list" | "beginRedemption" | "endRedemption">;

/** A write that was stopped on its way to its shard. */
export interface HeldWrite {
  /** Lets it go on. */
  release(): void;
}

/**
 * The shards of the OAuth state as the Worker reaches them, of which a test can stop one write: what two requests do
 * to each other is then the same in every run.
 */
export function createHeldShards() {
  let waiting: { prefix: string; arrived: (write: HeldWrite) => void } | undefined;
  const pass = async (key: string) => {
    if (waiting === undefined || !key.startsWith(waiting.prefix)) return;
    const { arrived } = waiting;
    waiting = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    arrived({ release: resolve });
    await promise;
  };
  const getByName = (name: string) => {
    const shard = env.OAUTH_STORE.getByName(name);
    return {
      read: (key) => shard.read(key),
      write: async (key, value, options) => {
        await pass(key);
        return shard.write(key, value, options);
      },
      remove: (key) => shard.remove(key),
      list: (prefix, limit, after) => shard.list(prefix, limit, after),
      beginRedemption: (id) => shard.beginRedemption(id),
      endRedemption: (id) => shard.endRedemption(id),
    } satisfies { [name in keyof Shard]: (...args: Parameters<Shard[name]>) => unknown };
  };
  return {
    /** In place of the binding. */
    bindings: { OAUTH_STORE: { getByName } },
    /** Stops the next write of a key that begins so. */
    holdNextWrite: (prefix: string): Promise<HeldWrite> =>
      new Promise((arrived) => {
        waiting = { prefix, arrived };
      }),
  };
}
