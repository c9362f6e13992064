import { jsonResponse } from "../simulator/wire.ts";
import {
  type AuthorizationOptions,
  type ConfidentialClient,
  createAuthorization,
  type Grant,
  type SignIn,
} from "./authorization.ts";
import { randomText } from "./encoding.ts";
import { type Claims, type IdTokenFlaw, idToken, newSigningKey, type SigningKey } from "./id-token.ts";
import { createSites, type Handler, type IdentityFake, withoutSlash } from "./site.ts";
import { tokenError } from "./token-error.ts";

const TOKEN_LIFETIME_S = 3600;
const EMAIL_CLAIMS = ["email", "email_verified"];

/** The claims of a person. Those about the address are told only when the scope `email` was asked for. */
export interface OidcPerson {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface FakeOidcOptions extends AuthorizationOptions {
  /** May have a path, or a slash at its end: it is used as it stands. */
  readonly issuer?: string;
  readonly clientSecret?: string;
}

export interface FakeOidc extends IdentityFake, SignIn<OidcPerson, ConfidentialClient> {
  readonly issuer: string;
  /** Spoils the next id_token in one way. */
  flawNext(flaw: IdTokenFlaw): void;
  /** The `iss` of the next authorization response; null leaves it out. */
  issNext(iss: string | null): void;
  /** Puts other values into the discovery document, until it is called again. */
  overrideDiscovery(metadata: Claims): void;
  /** The next token request is answered by this error, whatever it asks. Some providers say it with status 200. */
  tokenErrorNext(error: string, status?: number): void;
  /** Signs with a new key from now on, and no longer publishes the old one. */
  rotateKey(): void;
}

/** A stand-in for any OpenID provider. */
export function createFakeOidc(options: FakeOidcOptions = {}): FakeOidc {
  const { now = () => Date.now() } = options;
  let { issuer = "https://issuer.test" } = options;
  const { authorize, redeem, ...signIn } = createAuthorization<OidcPerson, ConfidentialClient>(options, {
    id: options.clientId ?? "oidc-client-of-the-tests",
    secret: options.clientSecret ?? "oidc-secret-of-the-tests-0123456789",
  });
  const flaws: IdTokenFlaw[] = [];
  const issValues: (string | null)[] = [];
  let metadata: Claims = {};
  let signingKey: SigningKey | undefined;

  /** Made when it is first needed: a pair of RSA keys takes its time. */
  const currentKey = async (): Promise<SigningKey> => {
    if (signingKey !== undefined) return signingKey;
    const made = await newSigningKey();
    // Of two requests that both made one, the first decides.
    signingKey ??= made;
    return signingKey;
  };
  const claimsFor = ({ person, scopes, nonce }: Grant<OidcPerson>): Claims => {
    const mayTell = (claim: string) => scopes.includes("email") || !EMAIL_CLAIMS.includes(claim);
    const iat = Math.floor(now() / 1000);
    return {
      ...Object.fromEntries(Object.entries(person).filter(([claim]) => mayTell(claim))),
      iss: issuer,
      aud: signIn.client.id,
      iat,
      exp: iat + TOKEN_LIFETIME_S,
      nonce,
    };
  };

  const routes: Record<string, Handler> = {
    "GET /.well-known/openid-configuration": () =>
      jsonResponse({ ...discoveryDocument(issuer), ...metadata }),
    "GET /authorize": (request) => {
      const iss = issValues.length > 0 ? issValues.shift() : issuer;
      return authorize(request, typeof iss === "string" ? { iss } : {});
    },
    "POST /token": async (request) => {
      const redemption = await redeem(request);
      if (!redemption.ok) return tokenError(redemption.refusal);
      const { grant } = redemption;
      // Without that scope it is plain OAuth, which does not say who somebody is.
      const isOpenId = grant.scopes.includes("openid");
      const token = isOpenId ? await idToken(await currentKey(), claimsFor(grant), flaws.shift()) : undefined;
      return jsonResponse({
        access_token: randomText(),
        token_type: "Bearer",
        expires_in: TOKEN_LIFETIME_S,
        scope: grant.scopes.join(" "),
        id_token: token,
      });
    },
    "GET /jwks": async () => jsonResponse({ keys: [(await currentKey()).jwk] }),
  };
  const sites = createSites([{ base: () => issuer, routes }]);

  return {
    ...sites,
    ...signIn,
    get issuer() {
      return issuer;
    },
    flawNext: (flaw) => void flaws.push(flaw),
    issNext: (iss) => void issValues.push(iss),
    overrideDiscovery(changes) {
      metadata = changes;
    },
    tokenErrorNext(error, status = 400) {
      const text = JSON.stringify({ error, error_description: "The test asked for it." });
      sites.inject({ kind: "body", match: "/token", status, text });
    },
    rotateKey() {
      signingKey = undefined;
    },
    moveTo(origin) {
      issuer = origin;
    },
  };
}

function discoveryDocument(issuer: string): Claims {
  const base = withoutSlash(issuer);
  return {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    scopes_supported: ["openid", "email", "profile"],
    id_token_signing_alg_values_supported: ["RS256"],
    token_endpoint_auth_methods_supported: ["client_secret_post"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
  };
}
