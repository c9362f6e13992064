import * as oidc from "openid-client";
import { z } from "zod";
import { type IdentityProvider, identityOf } from "../config/access.ts";
import { isLoopback } from "../config/values.ts";
import { acedataPerson } from "./acedata.ts";
import { githubMember } from "./github.ts";
import { oidcMember } from "./oidc.ts";
import type { SignInOutcome } from "./props.ts";

/** What has to be remembered between the two legs of a sign-in; kept sealed by the OAuth library. */
export const legSchema = z.object({
  /** Where the first leg led, by `identityOf`. */
  provider: z.string(),
  verifier: z.string(),
  nonce: z.string().exactOptional(),
});
export type Leg = z.infer<typeof legSchema>;

const TIMEOUT_SECONDS = 10;

/**
 * Prepares the way to the identity provider. Throws when its discovery fails, or names no address to send anybody to.
 * @returns what to remember, and the address to send the browser to.
 */
export async function beginSignIn(provider: IdentityProvider) {
  const configuration = await configurationOf(provider);
  const leg: Leg = {
    provider: identityOf(provider),
    verifier: oidc.randomPKCECodeVerifier(),
    ...(provider.kind === "oidc" && { nonce: oidc.randomNonce() }),
  };
  const challenge = await oidc.calculatePKCECodeChallenge(leg.verifier);
  const scope = scopeOf(provider);
  const address = oidc.buildAuthorizationUrl(configuration, {
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...(scope !== "" && { scope }),
    ...(leg.nonce !== undefined && { nonce: leg.nonce }),
  });
  return {
    leg,
    addressFor(redirectUri: string, state: string): string {
      address.searchParams.set("redirect_uri", redirectUri);
      address.searchParams.set("state", state);
      return address.href;
    },
  };
}

/**
 * Exchanges what the provider sent the browser back with, and finds out who that is. Throws when the provider's
 * answer is missing or wrong in any way: state, issuer, nonce, audience, expiry, signature.
 * @param callback the address the browser came back to, under the origin that was registered.
 */
export async function finishSignIn(
  provider: IdentityProvider,
  callback: URL,
  state: string,
  leg: Leg,
): Promise<SignInOutcome> {
  // A deploy may have come between the legs: a code of one provider is not for another, and neither are its checks.
  if (leg.provider !== identityOf(provider)) throw new Error("begun at another identity provider");
  const configuration = await configurationOf(provider);
  const tokens = await oidc.authorizationCodeGrant(configuration, callback, {
    expectedState: state,
    pkceCodeVerifier: leg.verifier,
    ...(leg.nonce !== undefined && { expectedNonce: leg.nonce, idTokenExpected: true }),
  });
  switch (provider.kind) {
    case "github":
      return githubMember(provider, tokens.access_token);
    case "oidc":
      return oidcMember(provider, tokens.claims());
    case "acedata":
      return acedataPerson(provider, tokens.access_token);
  }
}

/** Only what is needed: organisations are asked for where a rule names one. */
function scopeOf(provider: IdentityProvider): string {
  switch (provider.kind) {
    case "github":
      return provider.orgs.length > 0 ? "read:org" : "";
    case "oidc":
      return "openid email profile";
    case "acedata":
      return "profile platform";
  }
}

async function configurationOf(provider: IdentityProvider): Promise<oidc.Configuration> {
  switch (provider.kind) {
    case "oidc": {
      const { issuer, clientId, clientSecret } = provider;
      const configuration = await oidc.discovery(
        new URL(issuer),
        clientId,
        clientSecret,
        oidc.ClientSecretPost(clientSecret),
        { execute: isLocal(issuer) ? [oidc.allowInsecureRequests] : [], timeout: TIMEOUT_SECONDS },
      );
      // `openid-client` fills in the tenant of whichever token comes, where an issuer is a template for all (Entra).
      if (configuration.serverMetadata().issuer.includes("{")) throw new Error("the issuer is a template");
      // TLS would be proof enough (OpenID Connect Core, section 3.1.3.7), but a signature is there to be checked.
      oidc.enableNonRepudiationChecks(configuration);
      return configuration;
    }
    case "github": {
      const issuer = `${provider.baseUrl}/login/oauth`;
      return withoutDiscovery(
        {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/access_token`,
        },
        provider.clientId,
        oidc.ClientSecretPost(provider.clientSecret),
      );
    }
    case "acedata": {
      const issuer = provider.authBaseUrl;
      return withoutDiscovery(
        {
          issuer,
          authorization_endpoint: `${issuer}/oauth2/authorize`,
          token_endpoint: `${issuer}/oauth2/token`,
        },
        provider.clientId,
        oidc.None(),
      );
    }
  }
}

function withoutDiscovery(
  metadata: oidc.ServerMetadata,
  clientId: string,
  authentication: oidc.ClientAuth,
): oidc.Configuration {
  const configuration = new oidc.Configuration(metadata, clientId, undefined, authentication);
  configuration.timeout = TIMEOUT_SECONDS;
  if (isLocal(metadata.issuer)) oidc.allowInsecureRequests(configuration);
  return configuration;
}

/** A provider on this very machine, as in tests: the only one that may do without TLS. */
function isLocal(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && isLoopback(hostname);
}
