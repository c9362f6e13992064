import { sourceOf } from "./address.ts";
import type { AuthBindings } from "./bindings.ts";

/** When to come back: after the period of the binding in `wrangler.toml`. */
export const RETRY_AFTER = { "retry-after": "60" };

/**
 * Counts one more request of this kind from this address.
 * @returns whether there were too many. A deployment without the binding, or a binding that fails, limits nobody: it
 * guards effort and not secrets, and an outage of it must not be one of ours.
 */
export async function isOverLimit(kind: string, request: Request, env: AuthBindings): Promise<boolean> {
  const limited = await env.AUTH_RATE_LIMIT?.limit({ key: `${kind}:${sourceOf(request)}` }).catch(
    () => undefined,
  );
  return limited?.success === false;
}
