import { AuthorizationError } from "@cloudflare/workers-oauth-provider";
import { isLoopback } from "../config/values.ts";

const TIMEOUT_MS = 10_000;
/** A storage key has 512 bytes, and a longer `client_id` is unknown anyway. */
const MAX_CHARS = 500;

const refusal = (description: string) => new AuthorizationError("invalid_request", { description });

/**
 * A `client_id` that is a URL names the document that describes the client. The library follows redirects when it
 * fetches one, so an open redirect on a trusted host would let anybody be "published by" that host: the document
 * has to answer at its own address. Throws `AuthorizationError`.
 */
export async function refuseMisplacedMetadata(clientId: string | null): Promise<void> {
  if (clientId === null || clientId.length > MAX_CHARS || !URL.canParse(clientId)) return;
  const url = new URL(clientId);
  if (url.protocol !== "https:") return;
  if (isPrivate(url.hostname)) throw refusal("The app's metadata document is not on the public internet");
  // `redirect: "error"` does not exist in workerd.
  const response = await fetch(url, {
    redirect: "manual",
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  await response?.body?.cancel();
  // What else is wrong with the document is for the library to say.
  if (response !== undefined && response.status >= 300 && response.status < 400)
    throw refusal("The app's metadata document redirects to another address");
}

/**
 * Names that cannot belong to a client on the internet: addresses in place of names, and names of private networks
 * (RFC 6762, RFC 8375, and the reserved `.internal`). What a public name resolves to is for the runtime to refuse,
 * with `global_fetch_strictly_public`.
 */
function isPrivate(hostname: string): boolean {
  const isAddress = hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
  const isLocalName =
    !hostname.includes(".") || /\.(local|internal|home\.arpa|localhost|lan)\.?$/.test(hostname);
  return isLoopback(hostname) || isAddress || isLocalName;
}
