import { AuthorizationError, type AuthRequest, type OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { documentOf } from "./client-metadata.ts";

/** An app without a registration here: it lapsed, or was made at another server. */
export class UnknownClientError extends Error {
  constructor() {
    super("The client is not registered");
    this.name = "UnknownClientError";
  }
}

/**
 * Reads an authorization request. To the library an unknown app is one mistake of a request among others, but it is
 * the only one that starting again leads back to, so it has an error of its own. Throws `UnknownClientError`,
 * `AuthorizationError` or `CimdFetchError`.
 */
export async function readAuthRequest(oauth: OAuthHelpers, request: Request): Promise<AuthRequest> {
  try {
    return await oauth.parseAuthRequest(request);
  } catch (error) {
    const clientId = new URL(request.url).searchParams.get("client_id") ?? "";
    const mayBeUnknown =
      error instanceof AuthorizationError && clientId !== "" && documentOf(clientId) === undefined;
    throw mayBeUnknown && (await oauth.lookupClient(clientId)) === null ? new UnknownClientError() : error;
  }
}
