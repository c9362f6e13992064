import {
  AuthorizationError,
  type AuthRequest,
  CimdFetchError,
  type OAuthHelpers,
} from "@cloudflare/workers-oauth-provider";
import { hashName } from "./digest.ts";
import { ENDPOINTS } from "./oauth-endpoints.ts";
import { type Person, propsOf } from "./props.ts";
import { redirectTo } from "./redirect.ts";
import { SCOPE, type SignInContext } from "./sign-in-context.ts";
import { readAuthRequest } from "./unknown-client.ts";

/** Writes the grant of somebody who proved who they are, and sends the browser back to the client with a code. */
export async function completeSignIn(
  oauth: OAuthHelpers,
  { configuration, origin, log }: SignInContext,
  request: AuthRequest,
  headers: Headers,
  person: Person,
): Promise<Response> {
  const completed = await oauth
    .completeAuthorization({
      request,
      userId: subjectOf(person),
      // Whatever scopes a client asks for (some ask for all, some for another server's), there is one to give.
      scope: request.scope.includes("offline_access") ? [SCOPE, "offline_access"] : [SCOPE],
      metadata: {},
      props: propsOf(configuration, person),
      // A second window of a client must not sign the first one out.
      revokeExistingGrants: false,
    })
    .catch(async (error: unknown) => {
      if (!(error instanceof AuthorizationError) && !(error instanceof CimdFetchError))
        await refuseChangedClient(oauth, origin, request);
      throw error;
    });
  log("info", "signed_in", { mode: configuration.access.mode });
  return redirectTo(completed.redirectTo, headers);
}

/**
 * The library writes its user id into every code and token. The account of somebody who pays for themselves is named
 * after the payer, who stays inside (tool-surface.md, "Rules for every tool").
 */
const subjectOf = ({ account, upstreamToken }: Person): string =>
  upstreamToken === undefined ? account : hashName(`subject:${account}`);

/**
 * Asks again whether the client may make this request: since its page was shown, its registration may have lapsed,
 * or its document may name other addresses, and the library has no word for that. Throws `UnknownClientError` or
 * `AuthorizationError`.
 */
async function refuseChangedClient(oauth: OAuthHelpers, origin: string, request: AuthRequest): Promise<void> {
  const { responseType, clientId, redirectUri } = request;
  const url = new URL(ENDPOINTS.authorize, origin);
  url.search = new URLSearchParams({
    response_type: responseType,
    client_id: clientId,
    redirect_uri: redirectUri,
  }).toString();
  await readAuthRequest(oauth, new Request(url));
}
