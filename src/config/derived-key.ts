import { hkdfSync } from "node:crypto";

/**
 * Every key of ours comes from `SECRET_KEY`, by HKDF (RFC 5869): one secret to keep, and a key that leaks from one
 * purpose says nothing about the others. The purpose is the `info` of the derivation; changing its text retires
 * whatever was made with it.
 */
const PURPOSES = {
  storedCredential: "veo-mcp/stored-credential/1",
  deviceCookie: "veo-mcp/device-cookie/1",
  callback: "veo-mcp/callback/1",
  accountHash: "veo-mcp/account-hash/1",
} as const;
type KeyPurpose = keyof typeof PURPOSES;

const KEY_BYTES = 32;

/**
 * @returns 256 bits for one purpose. Without a salt, which is optional (section 3.1): there is no second secret to
 * take one from.
 */
export const deriveKey = (secretKey: string, purpose: KeyPurpose): Buffer =>
  Buffer.from(hkdfSync("sha256", secretKey, "", PURPOSES[purpose], KEY_BYTES));
