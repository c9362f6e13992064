import { createHash } from "node:crypto";

export const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();

export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

/** 128 bits of a hash, in hex: enough to name somebody by what must not be shown. */
export const hashName = (text: string): string => sha256Hex(text).slice(0, 32);
