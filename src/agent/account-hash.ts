import { createHmac } from "node:crypto";
import { deriveKey } from "../config/derived-key.ts";

const HASH_CHARS = 12;

/**
 * @returns how an account is named in the log: the same in every line, and nobody's name. Names such as `github-11` are
 * few enough to try them all, so with a `SECRET_KEY` the hash is keyed: whoever reads logs cannot tell who it is. Without
 * one it is only short.
 */
export const accountHash = (account: string, secretKey: string | undefined): string =>
  createHmac("sha256", secretKey === undefined ? "" : deriveKey(secretKey, "accountHash"))
    .update(account)
    .digest("hex")
    .slice(0, HASH_CHARS);
