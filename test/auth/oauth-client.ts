import { calculatePKCECodeChallenge, randomPKCECodeVerifier, randomState } from "openid-client";
import { z } from "zod";
import { ORIGIN, type World } from "../world.ts";
import { type Browser, handleOn, locationOf } from "./browser.ts";

const REDIRECT_URI = "http://127.0.0.1:41234/callback";

const registrationSchema = z.looseObject({ client_id: z.string() });
const tokensSchema = z.looseObject({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  expires_in: z.number(),
  scope: z.string(),
});
export type Tokens = z.infer<typeof tokensSchema>;

/** A public client of ours, by hand: attacks need every parameter. Real SDK clients have tests of their own. */
export interface OAuthClient {
  readonly clientId: string;
  readonly redirectUri: string;
  /** An authorization request with all that is right, but for `changed`; null leaves a parameter out. */
  authorizeUrl(changed?: Readonly<Record<string, string | null>>): Promise<{ url: URL; verifier: string }>;
  /** Exchanges a code; `changed` as above. */
  redeem(
    code: string,
    verifier: string,
    changed?: Readonly<Record<string, string | null>>,
  ): Promise<Response>;
  refresh(refreshToken: string, changed?: Readonly<Record<string, string | null>>): Promise<Response>;
  revoke(token: string): Promise<Response>;
}

export interface ClientOptions {
  name?: string;
  redirectUris?: readonly string[];
}

/** Registers a client dynamically (RFC 7591). */
export async function registerClient(
  world: Pick<World, "fetch">,
  { name = "Test client", redirectUris = [REDIRECT_URI] }: ClientOptions = {},
): Promise<OAuthClient> {
  const response = await world.fetch("/oauth/register", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: redirectUris,
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    }),
  });
  if (response.status !== 201) throw new Error(`not registered: ${response.status} ${await response.text()}`);
  const { client_id: clientId } = registrationSchema.parse(await response.json());
  return clientWithId(world, clientId, redirectUris[0] ?? REDIRECT_URI);
}

/** A client whose id is known already, such as the address of its metadata document. */
export function clientWithId(
  world: Pick<World, "fetch">,
  clientId: string,
  redirectUri = REDIRECT_URI,
): OAuthClient {
  const post = (parameters: Readonly<Record<string, string | null>>) =>
    world.fetch("/oauth/token", { method: "POST", body: withoutNulls(parameters) });
  return {
    clientId,
    redirectUri,
    async authorizeUrl(changed = {}) {
      const verifier = randomPKCECodeVerifier();
      const url = new URL("/authorize", ORIGIN);
      url.search = withoutNulls({
        response_type: "code",
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: "veo offline_access",
        state: randomState(),
        resource: `${ORIGIN}/mcp`,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...changed,
      }).toString();
      return { url, verifier };
    },
    redeem: (code, verifier, changed = {}) =>
      post({
        grant_type: "authorization_code",
        client_id: clientId,
        redirect_uri: redirectUri,
        resource: `${ORIGIN}/mcp`,
        code,
        code_verifier: verifier,
        ...changed,
      }),
    refresh: (refreshToken, changed = {}) =>
      post({ grant_type: "refresh_token", client_id: clientId, refresh_token: refreshToken, ...changed }),
    revoke: (token) => post({ client_id: clientId, token }),
  };
}

const withoutNulls = (parameters: Readonly<Record<string, string | null>>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null),
  );

/** How a consent page is answered: a key that is typed there, and what follows at an identity provider. */
export interface SignInAnswer {
  secret?: string;
  /** Follows the browser's way over an identity provider: from the address it is sent to, to the one it comes back to. */
  provider?: (address: URL) => Promise<URL>;
}

/** Goes from the authorization request to the address with the code, in one browser. */
export async function approve(
  browser: Browser,
  url: URL,
  { secret, provider }: SignInAnswer = {},
): Promise<URL> {
  const handle = await handleOn(await browser.open(url));
  const decided = await browser.decide({
    handle,
    decision: "approve",
    ...(secret !== undefined && { secret }),
  });
  const away = locationOf(decided);
  if (provider === undefined) return away;
  return locationOf(await browser.open(await provider(away)));
}

export const readTokens = async (response: Response): Promise<Tokens> => {
  if (response.status !== 200) throw new Error(`no tokens: ${response.status} ${await response.text()}`);
  return tokensSchema.parse(await response.json());
};

/** The whole way: authorization request, consent, code, tokens. */
export async function signIn(
  client: OAuthClient,
  browser: Browser,
  answer: SignInAnswer = {},
): Promise<Tokens> {
  const { url, verifier } = await client.authorizeUrl();
  const back = await approve(browser, url, answer);
  return readTokens(await client.redeem(back.searchParams.get("code") ?? "", verifier));
}

/** Calls `/mcp` with a bearer, as a client of 2026-07-28: no session is needed. */
export const callMcp = (
  world: Pick<World, "fetch">,
  token: string,
  method = "tools/list",
  params: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  world.fetch("/mcp", {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" && { "mcp-name": params.name }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
