import { isMisplaced } from "./client-metadata.ts";
import { readLimitedBody } from "./limited-body.ts";
import { ENDPOINTS, oauthError } from "./oauth-endpoints.ts";
import { redeemAlone, StaleWriteError } from "./oauth-storage.ts";
import type { OAuthStore } from "./oauth-store.ts";

/** Every try that fails means that another one succeeded, so this is never reached by accident. */
const MAX_TRIES = 8;
/**
 * How much is read, by endpoint; the library would read on without a bound. A registration is kept for months, and
 * anybody may send one: it is a name and a few addresses.
 */
const MAX_BODY_BYTES: ReadonlyMap<string, number> = new Map([
  [ENDPOINTS.token, 64 * 1024],
  [ENDPOINTS.register, 8 * 1024],
]);

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
  const maxBytes = MAX_BODY_BYTES.get(pathname);
  if (request.method !== "POST" || maxBytes === undefined) return serve(request);
  const body = await readLimitedBody(request, maxBytes);
  if (body === undefined) return oauthError(413, "invalid_request", `More than ${maxBytes} bytes`);
  const { url, method, headers } = request;
  const form = new URLSearchParams(new TextDecoder().decode(body));
  // The library fetches the document of whoever asks for a token too.
  if (isMisplaced(form.get("client_id"), new URL(url).origin))
    return oauthError(401, "invalid_client", "The client's document is not on the public internet");
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
