import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
/** What GCM is made for (NIST SP 800-38D, section 8.2). Random ones are good for 2^32 seals of a key (section 8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a text with AES-GCM.
 * @param purpose bound to it: what is sealed for one account, or one use, opens for no other.
 * @returns letters, digits, `-` and `_`.
 */
export function seal(text: string, key: Buffer, purpose: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(purpose));
  const sealed = [iv, cipher.update(text, "utf8"), cipher.final()];
  return Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64url");
}

/** @returns the text, or undefined for what was not sealed with this key for this purpose, or was damaged since. */
export function unseal(sealed: string, key: Buffer, purpose: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  // The decoder passes over what is no letter of its own, and over the last bits: one sealed text has one spelling.
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString("base64url") !== sealed) return undefined;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = [decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
    return Buffer.concat(opened).toString("utf8");
  } catch {
    // The tag does not fit. Thrown on, it would keep the object from starting.
    return undefined;
  }
}
