import { z } from "zod";

/**
 * The sources of the contract disagree about how the upstream writes things, so the simulator speaks all
 * of their ways. A dialect is one choice per disagreement.
 */
export const dialectSchema = z.strictObject({
  /** `response` of a task that still runs: left out, `null`, `{}`, ids only, or `data` with that state. */
  pending: z.enum(["absent", "running", "null", "queued", "empty", "processing", "ids", "pending"]),
  /** `mixed` is the contract's example: several formats within one record. */
  times: z.enum(["mixed", "unix", "utc8", "iso"]),
  videoId: z.enum(["hex", "uuid"]),
  /** How success is told: `success: true` with a state word, the flag alone, or the word alone. */
  success: z.enum(["flag-and-state", "state", "flag"]),
  successWord: z.enum(["succeeded", "completed", "success", "succeed", "complete", "finished"]),
  failureWord: z.enum(["failed", "error", "failure", "cancelled", "canceled", "rejected"]),
  /** The key under which a GIF's URL stands. */
  gifKey: z.enum(["gif_url", "video_url", "image_url", "url"]),
  /** Does the answer to a submission carry `trace_id`? */
  traceId: z.enum(["given", "left-out"]),
});

export type Dialect = z.infer<typeof dialectSchema>;

/** Choices that are forced; the others keep rotating. */
export const forcedDialectSchema = z.strictObject({
  pending: dialectSchema.shape.pending.exactOptional(),
  times: dialectSchema.shape.times.exactOptional(),
  videoId: dialectSchema.shape.videoId.exactOptional(),
  success: dialectSchema.shape.success.exactOptional(),
  successWord: dialectSchema.shape.successWord.exactOptional(),
  failureWord: dialectSchema.shape.failureWord.exactOptional(),
  gifKey: dialectSchema.shape.gifKey.exactOptional(),
  traceId: dialectSchema.shape.traceId.exactOptional(),
});

export type ForcedDialect = z.infer<typeof forcedDialectSchema>;

/**
 * The dialect of the n-th task: consecutive tasks differ, and each pair of choices meets sooner or later.
 * The slow terms (`⌊n / 8⌋` and so on) keep choices of even length from pairing up in the same way for ever.
 */
export function dialectOf(index: number, forced: ForcedDialect = {}): Dialect {
  const { shape } = dialectSchema;
  return {
    pending: pick(shape.pending.options, index),
    times: pick(shape.times.options, index + Math.floor(index / 8)),
    videoId: pick(shape.videoId.options, index + Math.floor(index / 12)),
    success: pick(shape.success.options, index),
    successWord: pick(shape.successWord.options, Math.floor(index / 3)),
    failureWord: pick(shape.failureWord.options, index + Math.floor(index / 16)),
    gifKey: pick(shape.gifKey.options, index + Math.floor(index / 24)),
    traceId: index % 5 === 4 ? "left-out" : "given",
    ...forced,
  };
}

/** How an unknown id is answered by `retrieve`: not documented, so all likely ways. */
export const UNKNOWN_ID_SHAPES = ["404", "empty", "null", "error"] as const;

export type UnknownIdShape = (typeof UNKNOWN_ID_SHAPES)[number];

/** The way the n-th unknown id is answered. */
export function unknownIdShapeOf(index: number): UnknownIdShape {
  return pick(UNKNOWN_ID_SHAPES, index);
}

function pick<T>(choices: readonly T[], index: number): T {
  const choice = choices[index % choices.length];
  if (choice === undefined) throw new Error("nothing to choose from");
  return choice;
}
