import type { AuthRequest, OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { type Person, propsOf } from "./props.ts";
import { redirectTo } from "./redirect.ts";
import { SCOPE, type SignInContext } from "./sign-in-context.ts";

/** Writes the grant of somebody who proved who they are, and sends the browser back to the client with a code. */
export async function completeSignIn(
  oauth: OAuthHelpers,
  { configuration, log }: SignInContext,
  request: AuthRequest,
  headers: Headers,
  person: Person,
): Promise<Response> {
  const completed = await oauth.completeAuthorization({
    request,
    userId: person.account,
    // Whatever scopes a client asks for (some ask for all, some for another server's), there is one to give.
    scope: request.scope.includes("offline_access") ? [SCOPE, "offline_access"] : [SCOPE],
    metadata: {},
    props: propsOf(configuration, person),
    // A second window of a client must not sign the first one out.
    revokeExistingGrants: false,
  });
  log("info", "signed_in", { mode: configuration.access.mode });
  return redirectTo(completed.redirectTo, headers);
}
