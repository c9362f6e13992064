import { accountHash } from "../agent/account-hash.ts";
import type { Bindings } from "../agent/bindings.ts";
import { readCallbackAddress } from "../agent/callback-address.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Log, LogFieldsOf } from "../log.ts";
import { CALLBACK_PATH } from "../veo/callback-path.ts";
import { notFound } from "./pages.ts";

/** Whether a request is one with which the upstream rings. */
export const isRing = (request: Request, path: string): boolean =>
  request.method === "POST" && path.startsWith(CALLBACK_PATH);

/**
 * The doorbell: the upstream says that a task is over. Its body is not even read, since anybody who saw the address
 * could have sent it; the address itself is checked before any object wakes.
 * @returns 204 while the ring is of use, and otherwise what any other unknown path answers.
 */
export async function serveRing(
  path: string,
  env: Bindings,
  { callbacks, secretKey }: Configuration,
  log: Log,
): Promise<Response> {
  const startedAtMs = Date.now();
  const told = (facts: LogFieldsOf<"callback">): void =>
    log("info", "callback", { ...facts, duration_ms: Date.now() - startedAtMs });
  const isOpen = callbacks !== "off" && secretKey !== undefined;
  const target = isOpen ? readCallbackAddress(path, secretKey) : undefined;
  if (target === undefined) {
    told({ outcome: isOpen ? "forged" : "closed" });
    return notFound();
  }
  const isWatched = await env.VEO_AGENT.getByName(target.account).ring(target.submissionId);
  told({ account: accountHash(target.account, secretKey), outcome: isWatched ? "rang" : "not_watched" });
  return isWatched ? new Response(null, { status: 204 }) : notFound();
}
