import { z } from "zod";
import { CALLBACK_PATH } from "./callback-path.ts";

/**
 * What the upstream says in words, as much of it as may be kept and shown. A row holds at most 2 MB
 * (Cloudflare, "Durable Objects limits"), and an answer may have more: one that is too long must not keep the others
 * from being written down.
 */

const MAX_MESSAGE_CHARS = 1000;
const MAX_CODE_CHARS = 100;
const MAX_ID_CHARS = 128;

/** What an address of ours looks like, however it is escaped: whoever knows one can ring there. */
const SEALED_ADDRESS = new RegExp(
  `(?:https?:[^\\s"'<>]{1,300}?)?${CALLBACK_PATH.replaceAll("/", "(?:\\\\?/|%2F)")}[\\w-]{20,}`,
  "gi",
);

/** A text, cut where it is longer than what there is room for. */
export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}…` : text;

/** Cut first: what is left of an address at the end opens nothing, and is not looked for in megabytes. */
const words = (most: number) =>
  z
    .string()
    .min(1)
    .transform((text) => cut(text, most).replaceAll(SEALED_ADDRESS, "[address]"));

// `catch`: what is not as it should be reads as absent, so that one odd field never costs all the others.

/** An id of the upstream's own making; what is longer is none. */
export const upstreamId = z.string().min(1).max(MAX_ID_CHARS);
export const optionalId = upstreamId.optional().catch(undefined);
/** What went wrong, in the upstream's words. */
export const optionalMessage = words(MAX_MESSAGE_CHARS).optional().catch(undefined);
/** An error in the upstream's words, as records and error bodies have it. */
export const optionalError = z
  .looseObject({ code: words(MAX_CODE_CHARS).optional().catch(undefined), message: optionalMessage })
  .optional()
  .catch(undefined);
