import { createHash } from "node:crypto";

/** Enough to tell the few tokens of an account apart. */
const HASH_CHARS = 16;

/**
 * @returns which token pays for a submission, as it is kept: only its equality matters. With the submission's id in it,
 * nobody can tell from the rows which submissions were paid with the same one.
 */
export const payerHash = (submissionId: string, token: string): string =>
  createHash("sha256").update(`${submissionId} ${token}`).digest("hex").slice(0, HASH_CHARS);
