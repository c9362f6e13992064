import { MAX_FORM_BYTES, readLimitedBody } from "./limited-body.ts";
import { ENDPOINTS, oauthError } from "./oauth-endpoints.ts";
import { redeemAlone, StaleWriteError } from "./oauth-storage.ts";
import type { OAuthStore } from "./oauth-store.ts";

/** Every try that fails means that another one succeeded, so this is never reached by accident. */
const MAX_TRIES = 8;
const ENDPOINTS_WITH_BODY: readonly string[] = [ENDPOINTS.token, ENDPOINTS.register];

/**
 * Hands a request to the OAuth library, which reads bodies without a bound, and decides what happens to one of two
 * requests that used the same thing at the same time. A code is good once (RFC 6749, section 4.1.2), so the second is
 * refused. A refresh token that was just rotated is still good for a retry, so there the second is run again.
 */
export async function serveTokenRequest(
  request: Request,
  shards: DurableObjectNamespace<OAuthStore>,
  serve: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "POST" || !ENDPOINTS_WITH_BODY.includes(pathname)) return serve(request);
  const body = await readLimitedBody(request, MAX_FORM_BYTES);
  if (body === undefined) return oauthError(413, "invalid_request", `More than ${MAX_FORM_BYTES} bytes`);
  const { url, method, headers } = request;
  const form = new URLSearchParams(new TextDecoder().decode(body));
  const code = form.get("grant_type") === "authorization_code" ? form.get("code") : null;
  const mostTries = form.get("grant_type") === "refresh_token" ? MAX_TRIES : 1;
  const answer = async (): Promise<Response> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await serve(new Request(url, { method, headers, body }));
      } catch (error) {
        if (!(error instanceof StaleWriteError)) throw error;
        if (tries >= mostTries) return usedByAnother();
      }
    }
  };
  return code === null ? answer() : ((await redeemAlone(shards, code, answer)) ?? usedByAnother());
}

const usedByAnother = (): Response =>
  oauthError(400, "invalid_grant", "The code or token was used by another request");
