import type { Caller } from "../agent/caller.ts";
import type { Configuration } from "../config/configuration.ts";
import { createLog } from "../log.ts";
import type { AuthBindings } from "./bindings.ts";
import { callerOf, OWNER, SERVICE } from "./props.ts";
import { isOverLimit } from "./rate-limit.ts";
import { isSameSecret } from "./secret-comparison.ts";
import { checkUpstreamKey, looksLikeUpstreamKey, ownerOfUpstreamKey, recallVerdict } from "./upstream-key.ts";

export type KeyHolder =
  | { kind: "known"; caller: Caller }
  | { kind: "unknown" }
  /** Too many unknown keys came from this address. */
  | { kind: "limited" }
  /** Only the upstream can say, and it does not answer. */
  | { kind: "unreachable" };

/** @returns who holds a key that came in a header. */
export async function holderOfKey(
  key: string,
  request: Request,
  env: AuthBindings,
  configuration: Configuration,
): Promise<KeyHolder> {
  const { access } = configuration;
  switch (access.mode) {
    case "personal":
      return isSameSecret(key, access.accessKey)
        ? { kind: "known", caller: callerOf(access, OWNER) }
        : { kind: "unknown" };
    case "team":
      return access.serviceKey !== undefined && isSameSecret(key, access.serviceKey)
        ? { kind: "known", caller: callerOf(access, SERVICE) }
        : { kind: "unknown" };
    case "passthrough":
    case "acedata":
      return holderOfUpstreamKey(key, request, env, configuration);
  }
}

async function holderOfUpstreamKey(
  key: string,
  request: Request,
  env: AuthBindings,
  configuration: Configuration,
): Promise<KeyHolder> {
  if (!looksLikeUpstreamKey(key)) return { kind: "unknown" };
  // Counted apart from the 401 that may follow: this one guards the upstream.
  if (recallVerdict(key, configuration) === undefined && (await isOverLimit("key-check", request, env)))
    return { kind: "limited" };
  const log = createLog(configuration.logLevel, env.VEO_ANALYTICS);
  switch (await checkUpstreamKey(key, configuration, log)) {
    case "accepted":
      return { kind: "known", caller: callerOf(configuration.access, ownerOfUpstreamKey(key)) };
    case "refused":
      return { kind: "unknown" };
    case "unreachable":
      return { kind: "unreachable" };
  }
}
