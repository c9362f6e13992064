import { accountHash } from "../agent/account-hash.ts";
import type { Bindings } from "../agent/bindings.ts";
import { CALLBACK_PATH, readCallbackAddress } from "../agent/callback-address.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Log } from "../log.ts";
import { notFound } from "./pages.ts";

/** Whether a path is one at which the upstream rings. */
export const isCallbackPath = (path: string): boolean => path.startsWith(CALLBACK_PATH);

/**
 * The doorbell: the upstream says that a task is over. Its body is not even read, since anybody who saw the address
 * could have sent it; the address itself is checked before any object wakes.
 * @returns 204 while the ring is of use, and otherwise what any other unknown path answers.
 */
export async function serveCallback(
  request: Request,
  path: string,
  env: Bindings,
  { callbacks, secretKey }: Configuration,
  log: Log,
): Promise<Response> {
  const isRing = request.method === "POST" && callbacks !== "off" && secretKey !== undefined;
  const target = isRing ? readCallbackAddress(path, secretKey) : undefined;
  const isWatched =
    target !== undefined && (await env.VEO_AGENT.getByName(target.account).ring(target.submissionId));
  log("info", "callback", {
    ...(target !== undefined && { account: accountHash(target.account) }),
    outcome: target === undefined ? "forged" : isWatched ? "rang" : "not_watched",
  });
  return isWatched ? new Response(null, { status: 204 }) : notFound();
}
