/**
 * Every key of ours comes from `SECRET_KEY`, by HKDF (RFC 5869): one secret to keep, and a key that leaks from one
 * purpose says nothing about the others. The purpose is the `info` of the derivation; changing its text retires
 * whatever was made with it.
 */
const PURPOSES = {
  storedCredential: "veo-mcp/stored-credential/1",
  deviceCookie: "veo-mcp/device-cookie/1",
} as const;
export type KeyPurpose = keyof typeof PURPOSES;

const encoder = new TextEncoder();

const hkdf = (purpose: KeyPurpose) => ({
  name: "HKDF",
  hash: "SHA-256",
  // Optional (RFC 5869, section 3.1), and there is no second secret to take one from.
  salt: new Uint8Array(),
  info: encoder.encode(PURPOSES[purpose]),
});

const materialOf = (secretKey: string, usage: "deriveKey" | "deriveBits") =>
  crypto.subtle.importKey("raw", encoder.encode(secretKey), "HKDF", false, [usage]);

/** @returns an AES-256-GCM key that can seal and open, and not be read out. */
export async function deriveSealingKey(secretKey: string, purpose: KeyPurpose): Promise<CryptoKey> {
  return crypto.subtle.deriveKey(
    hkdf(purpose),
    await materialOf(secretKey, "deriveKey"),
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** @returns 256 bits as hex, for a library that signs with a secret of its own shape. */
export async function deriveSecret(secretKey: string, purpose: KeyPurpose): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf(purpose), await materialOf(secretKey, "deriveBits"), 256);
  return new Uint8Array(bits).toHex();
}
