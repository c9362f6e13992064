import type { Unstable_Config } from "wrangler";
import type { AuthBindings } from "../src/auth/bindings.ts";

const NAME: keyof AuthBindings = "AUTH_RATE_LIMIT";

/** @returns how many requests of one address are let through in how many seconds, unless the deployment limits none. */
export function rateLimitOf({
  ratelimits,
}: Pick<Unstable_Config, "ratelimits">): { limit: number; period: number } | undefined {
  return ratelimits.find(({ name }) => name === NAME)?.simple;
}
