import { base64url, signingInput } from "./encoding.ts";

/** What can be wrong with an id_token. Everything else about it is then right. */
export const ID_TOKEN_FLAWS = [
  "issuer",
  "audience",
  "another-party",
  "nonce",
  "no-nonce",
  "no-subject",
  "expired",
  "issued-in-future",
  "not-yet-valid",
  "signature",
  "unknown-key",
  "alg-none",
  "alg-hs256",
  "garbage",
  "missing",
] as const;
export type IdTokenFlaw = (typeof ID_TOKEN_FLAWS)[number];

/** A key that signs, and the form in which it is published. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JsonWebKey & { readonly kid: string };
}

export type Claims = Readonly<Record<string, unknown>>;

const RS256 = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
const DAY_S = 86_400;

export async function newSigningKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(RS256, true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new Error("an RSA key is a pair");
  const published = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (published instanceof ArrayBuffer) throw new Error("a JWK is an object");
  const { kty, n, e } = published;
  if (kty === undefined || n === undefined || e === undefined) throw new Error("an RSA key has n and e");
  return {
    privateKey: pair.privateKey,
    jwk: { kty, n, e, use: "sig", alg: "RS256", kid: crypto.randomUUID() },
  };
}

/** Signs the claims, or spoils them or the signature in one way; undefined when the flaw is that there is none. */
export async function idToken(
  key: SigningKey,
  claims: Claims,
  flaw: IdTokenFlaw | undefined,
): Promise<string | undefined> {
  const header = { alg: "RS256", typ: "JWT", kid: key.jwk.kid };
  const spoilt = flaw === undefined ? claims : { ...claims, ...wrongClaims(flaw, claims) };
  switch (flaw) {
    case "missing":
      return undefined;
    case "garbage":
      return "not.a.token";
    case "alg-none":
      return `${signingInput({ ...header, alg: "none" }, spoilt)}.`;
    case "alg-hs256":
      // The classic confusion: the published key, which everybody has, as an HMAC secret.
      return signHmac(signingInput({ ...header, alg: "HS256" }, spoilt), JSON.stringify(key.jwk));
    case "signature":
      return sign(signingInput(header, spoilt), (await newSigningKey()).privateKey);
    case "unknown-key": {
      const stranger = await newSigningKey();
      return sign(signingInput({ ...header, kid: stranger.jwk.kid }, spoilt), stranger.privateKey);
    }
    default:
      return sign(signingInput(header, spoilt), key.privateKey);
  }
}

/** What a flaw changes in the claims; `undefined` takes a claim away. */
function wrongClaims(flaw: IdTokenFlaw, { aud, iat, exp }: Claims): Claims {
  switch (flaw) {
    case "issuer":
      return { iss: "https://another-issuer.test" };
    case "audience":
      return { aud: "another-client" };
    case "another-party":
      return { aud: [aud, "another-client"], azp: "another-client" };
    case "nonce":
      return { nonce: "another-nonce" };
    case "no-nonce":
      return { nonce: undefined };
    case "no-subject":
      return { sub: undefined };
    case "expired":
      return { iat: Number(iat) - DAY_S, exp: Number(exp) - DAY_S };
    case "issued-in-future":
      return { iat: Number(iat) + DAY_S, exp: Number(exp) + DAY_S };
    case "not-yet-valid":
      return { nbf: Number(iat) + DAY_S };
    default:
      return {};
  }
}

async function sign(input: string, key: CryptoKey): Promise<string> {
  const signature = await crypto.subtle.sign(RS256.name, key, new TextEncoder().encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

async function signHmac(input: string, secret: string): Promise<string> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), hmac, false, ["sign"]);
  const signature = await crypto.subtle.sign(hmac.name, key, new TextEncoder().encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}
