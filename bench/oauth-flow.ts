import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from "openid-client";
import { z } from "zod";
import { Browser } from "../test/e2e/browser.ts";
import { ACCESS_KEY } from "./deployments.ts";

const REDIRECT_URI = "http://127.0.0.1:1/callback";
const registrationSchema = z.object({ client_id: z.string() });
const tokensSchema = z.object({ access_token: z.string() });

/** Signs in as a new client does that has never been here: it registers, consents and exchanges its code. */
export async function signInOnce(origin: string): Promise<string> {
  const { client_id } = registrationSchema.parse(
    await json(
      fetch(`${origin}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          client_name: "bench",
          redirect_uris: [REDIRECT_URI],
          token_endpoint_auth_method: "none",
        }),
      }),
    ),
  );
  const verifier = randomPKCECodeVerifier();
  const query = new URLSearchParams({
    response_type: "code",
    client_id,
    redirect_uri: REDIRECT_URI,
    scope: "veo offline_access",
    state: "bench",
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const authorizationUrl = new URL(`${origin}/authorize?${query}`);
  const callback = await new Browser().answer(authorizationUrl, { decision: "approve", secret: ACCESS_KEY });
  const code = callback.searchParams.get("code") ?? "";
  const { access_token } = tokensSchema.parse(
    await json(
      fetch(`${origin}/oauth/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "authorization_code",
          client_id,
          redirect_uri: REDIRECT_URI,
          code,
          code_verifier: verifier,
        }),
      }),
    ),
  );
  return access_token;
}

const json = async (response: Promise<Response>): Promise<unknown> => (await response).json();
