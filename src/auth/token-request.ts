import { MAX_FORM_BYTES, readLimitedBody } from "./limited-body.ts";
import { ENDPOINTS, oauthError } from "./oauth-endpoints.ts";
import { StaleWriteError } from "./oauth-storage.ts";

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
  serve: (request: Request) => Promise<Response>,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "POST" || !ENDPOINTS_WITH_BODY.includes(pathname)) return serve(request);
  const body = await readLimitedBody(request, MAX_FORM_BYTES);
  if (body === undefined) return oauthError(413, "invalid_request", `More than ${MAX_FORM_BYTES} bytes`);
  const { url, method, headers } = request;
  const isRefresh = new URLSearchParams(new TextDecoder().decode(body)).get("grant_type") === "refresh_token";
  for (let tries = 1; ; tries += 1) {
    try {
      return await serve(new Request(url, { method, headers, body }));
    } catch (error) {
      if (!(error instanceof StaleWriteError)) throw error;
      if (!isRefresh || tries >= MAX_TRIES)
        return oauthError(400, "invalid_grant", "The code or token was used by another request");
    }
  }
}
