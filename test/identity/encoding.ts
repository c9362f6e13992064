/** Bytes, or a text as UTF-8, in the alphabet of tokens: base64url without padding. */
export function base64url(data: Uint8Array | string): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** A text that nobody guesses. */
export function randomText(sizeBytes = 32): string {
  return base64url(crypto.getRandomValues(new Uint8Array(sizeBytes)));
}

/** The first two parts of a JWT: what is signed. */
export function signingInput(header: object, payload: object): string {
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
}

/** Does the verifier belong to this S256 challenge (RFC 7636, section 4.6)? */
export async function verifierMatches(verifier: string, challenge: string): Promise<boolean> {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest)) === challenge;
}
