import { AuthorizationError } from "@cloudflare/workers-oauth-provider";
import { isLoopback } from "../config/values.ts";

const TIMEOUT_MS = 10_000;

/** The longest name that the DNS has (RFC 1035, section 2.3.4). */
const MAX_NAME_CHARS = 253;

/** The document that describes a client cannot be had. */
export class UnreachableDocumentError extends Error {
  /** Where it should be. */
  readonly host: string;
  /** Of HTTP, if there was an answer. */
  readonly status: number | undefined;

  constructor(host: string, status: number | undefined) {
    super("The client's metadata document cannot be fetched");
    this.name = "UnreachableDocumentError";
    this.host = host;
    this.status = status;
  }
}

const refusal = (description: string) => new AuthorizationError("invalid_request", { description });

/**
 * A `client_id` that is a URL names the document that describes the client. The library follows redirects when it
 * fetches one, so an open redirect on a trusted host would let anybody be "published by" that host: the document
 * has to answer at its own address. Nothing else than such an answer lets the library fetch it too: a host that
 * failed this time might redirect the next. Throws `AuthorizationError` or
 * `UnreachableDocumentError`.
 */
export async function refuseMisplacedMetadata(clientId: string | null, ownOrigin: string): Promise<void> {
  if (isMisplaced(clientId, ownOrigin))
    throw refusal("The app's metadata document is not on the public internet");
  const url = documentOf(clientId);
  if (url === undefined) return;
  const response = await fetch(url, {
    // `"error"` does not exist in workerd.
    redirect: "manual",
    // Firewalls refuse requests that do not say who asks.
    headers: { accept: "application/json", "cache-control": "no-store", "user-agent": "veo-mcp" },
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  await response?.body?.cancel();
  if (response !== undefined && response.status >= 300 && response.status < 400)
    throw refusal("The app's metadata document redirects to another address");
  // What is wrong with a document that is there is for the library to say.
  if (response?.ok !== true) throw new UnreachableDocumentError(url.host, response?.status);
}

/** Whether a client's document is where none can be: in a private network, or here, where it would ask for itself. */
export function isMisplaced(clientId: string | null, ownOrigin: string): boolean {
  const url = documentOf(clientId);
  return url !== undefined && (url.origin === ownOrigin || isPrivate(url.hostname));
}

/** @returns where the document of a client is, if its id is the address of one. */
export const documentOf = (clientId: string | null): URL | undefined => {
  if (clientId === null || !URL.canParse(clientId)) return undefined;
  const url = new URL(clientId);
  return url.protocol === "https:" ? url : undefined;
};

/**
 * Names that cannot belong to a client on the internet: addresses in place of names, and names of private networks
 * (RFC 6762, RFC 8375, and the reserved `.internal`). What a public name resolves to is for the runtime to refuse,
 * with `global_fetch_strictly_public`.
 */
function isPrivate(hostname: string): boolean {
  // With a dot at its end, a name is the same name.
  const name = hostname.replace(/\.$/, "");
  const isAddress = name.startsWith("[") || /^[\d.]+$/.test(name);
  const isLocalName = !name.includes(".") || /\.(local|internal|home\.arpa|localhost|lan)$/.test(name);
  return isLoopback(name) || isAddress || isLocalName || name.length > MAX_NAME_CHARS;
}
