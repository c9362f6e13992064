import * as client from "openid-client";
import type { FakeAcedata } from "./fake-acedata.ts";
import type { FakeGithub } from "./fake-github.ts";
import type { FakeOidc } from "./fake-oidc.ts";
import { callbackFrom } from "./internet.ts";
import type { IdentityFake } from "./site.ts";

/** The other end of a sign-in, as our Worker is: `openid-client`, with all of its checks. */

export const CALLBACK = "https://veo.test/callback";

type Network = Pick<IdentityFake, "fetch">;

/** GitHub has no discovery: its endpoints are written down. */
export function githubParty(fake: FakeGithub, network: Network = fake): client.Configuration {
  const { webUrl } = fake;
  const server = {
    issuer: `${webUrl}/login/oauth`,
    authorization_endpoint: `${webUrl}/login/oauth/authorize`,
    token_endpoint: `${webUrl}/login/oauth/access_token`,
  };
  return party(
    new client.Configuration(server, fake.client.id, undefined, client.ClientSecretPost(fake.client.secret)),
    network,
  );
}

/** A public client: PKCE alone proves who asks for the token. */
export function acedataParty(fake: FakeAcedata, network: Network = fake): client.Configuration {
  const { authUrl } = fake;
  const server = {
    issuer: authUrl,
    authorization_endpoint: `${authUrl}/oauth2/authorize`,
    token_endpoint: `${authUrl}/oauth2/token`,
  };
  return party(new client.Configuration(server, fake.client.id, undefined, client.None()), network);
}

/** Everything about an OpenID provider is discovered, and its signatures are checked. */
export async function oidcParty(
  provider: Pick<FakeOidc, "issuer" | "client">,
  network: Network,
  authentication = client.ClientSecretPost(provider.client.secret),
): Promise<client.Configuration> {
  const configuration = await client.discovery(
    new URL(provider.issuer),
    provider.client.id,
    undefined,
    authentication,
    { [client.customFetch]: customFetch(network), execute: [client.allowInsecureRequests] },
  );
  client.enableNonRepudiationChecks(configuration);
  return configuration;
}

/** A sign-in from the first redirect to the tokens. */
export async function signIn(
  configuration: client.Configuration,
  network: Network,
  scope: string,
): Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers> {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = scope.split(" ").includes("openid") ? client.randomNonce() : undefined;
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(nonce === undefined ? {} : { nonce }),
  });
  return client.authorizationCodeGrant(configuration, await callbackFrom(network, url), {
    expectedState: state,
    pkceCodeVerifier: verifier,
    ...(nonce === undefined ? {} : { expectedNonce: nonce, idTokenExpected: true }),
  });
}

function party(configuration: client.Configuration, network: Network): client.Configuration {
  configuration[client.customFetch] = customFetch(network);
  // Only a fake that is served over HTTP needs this.
  client.allowInsecureRequests(configuration);
  return configuration;
}

function customFetch(network: Network): client.CustomFetch {
  return (url, { signal = null, body = null, ...init }) => network.fetch(url, { ...init, signal, body });
}
