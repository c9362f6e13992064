import type { Bindings } from "../agent/bindings.ts";
import { CALLBACK_PATH, readCallbackAddress } from "../agent/callback-address.ts";
import type { Configuration } from "../config/configuration.ts";
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
): Promise<Response> {
  const isRing = request.method === "POST" && callbacks !== "off" && secretKey !== undefined;
  const target = isRing ? readCallbackAddress(path, secretKey) : undefined;
  const isWatched =
    target !== undefined && (await env.VEO_AGENT.getByName(target.account).ring(target.submissionId));
  return isWatched ? new Response(null, { status: 204 }) : notFound();
}
