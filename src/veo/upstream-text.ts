import { z } from "zod";

/**
 * What the upstream says in words, as much of it as may be kept and shown. A row holds at most 2 MB
 * (Cloudflare, "Durable Objects limits"), and an answer may have more: one that is too long must not keep the others
 * from being written down.
 */

const MAX_MESSAGE_CHARS = 1000;
const MAX_CODE_CHARS = 100;
const MAX_ID_CHARS = 128;

/** What callback addresses of ours look like: whoever knows one can ring there. */
const SEALED_ADDRESS = /(?:https?:[^\s"'<>]{1,300}?)?(?:\\?\/|%2F)callbacks(?:\\?\/|%2F)[\w-]{20,}/gi;

/** Cut first: what is left of an address at the end opens nothing, and is not looked for in megabytes. */
const bounded = (most: number) =>
  z
    .string()
    .min(1)
    .transform((text) =>
      (text.length > most ? `${text.slice(0, most)}…` : text).replaceAll(SEALED_ADDRESS, "[address]"),
    );

/** What went wrong, in the upstream's words. */
export const upstreamMessage = bounded(MAX_MESSAGE_CHARS);
/** A code of the upstream's for what went wrong. */
export const upstreamCode = bounded(MAX_CODE_CHARS);
/** An id of the upstream's own making; what is longer is none. */
export const upstreamId = z.string().min(1).max(MAX_ID_CHARS);
