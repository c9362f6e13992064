import { createHash } from "node:crypto";

/** @returns how an account is named in logs: the same every time, and nobody's name. */
export const accountHash = (account: string): string =>
  createHash("sha256").update(`account:${account}`).digest("hex").slice(0, 12);
