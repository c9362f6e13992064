import { z } from "zod";

/**
 * Everything that can go wrong, as a tagged union. A new kind does not compile until it has its sentence
 * (`error-words.ts`).
 */

/** Why an upstream answer could not be used. A schema, since the object keeps the last one in its storage. */
export const upstreamFailureSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("status"),
    status: z.number(),
    code: z.string().exactOptional(),
    message: z.string().exactOptional(),
    traceId: z.string().exactOptional(),
    retryAfterSeconds: z.number().exactOptional(),
  }),
  z.object({ kind: z.literal("timeout"), seconds: z.number() }),
  z.object({ kind: z.literal("unreachable") }),
  z.object({
    kind: z.literal("unreadable"),
    status: z.number(),
    why: z.enum(["not_json", "too_large", "unexpected_shape"]),
  }),
]);
export type UpstreamFailure = z.infer<typeof upstreamFailureSchema>;

/** Whose AceDataCloud key is used: the deployment's own, or that of whoever calls. */
export type Payer = "operator" | "caller";

/** A limit that the owner set, and what is used up of it. */
export interface LimitReached {
  /** The variable that sets it. */
  limit: string;
  used: number;
  allowed: number;
  /** What the request would use up, where that is not one generation. */
  needed?: number;
  /** Null where it is not of a day. */
  resetsAtMs: number | null;
}

/** What a task failed of: a code, and what was said. */
export interface TaskError {
  code: string;
  message: string;
}

export type VeoError =
  | { kind: "invalid_arguments"; problems: string[] }
  | { kind: "extended_video"; videoId: string; operation: string }
  | { kind: "task_not_found"; reference: string }
  | { kind: "video_not_found"; videoId: string }
  | { kind: "upstream"; failure: UpstreamFailure }
  | { kind: "submission_undetermined"; submissionId: string; failure?: UpstreamFailure }
  | ({ kind: "generation_failed"; traceId: string | undefined } & TaskError)
  | { kind: "idempotency_conflict"; key: string; submissionId: string }
  | ({ kind: "limit_reached" } & LimitReached)
  | { kind: "price_missing"; priceKey: string }
  | { kind: "budget_unreachable" }
  | { kind: "withdrawn" }
  | { kind: "busy"; limit: number }
  | { kind: "internal"; incident: string };

export type ErrorCode =
  | "invalid_argument"
  | "not_found"
  | "unauthorized"
  | "out_of_credits"
  | "rate_limited"
  | "limit_reached"
  | "upstream_error"
  | "upstream_timeout"
  | "idempotency_conflict"
  | "submission_undetermined"
  | "internal";

/** A failure in words: what a model reads, and what a program can branch on. */
export interface ErrorAnswer {
  code: ErrorCode;
  /** Whether the same call, unchanged, may work later. */
  retryable: boolean;
  what: string;
  nextStep: string;
  traceId?: string;
  /** The limit in the way, where one is. */
  limit?: LimitReached;
}

export type Result<T> = { ok: true; value: T } | { ok: false; error: VeoError };
export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (error: VeoError): { ok: false; error: VeoError } => ({ ok: false, error });
export const invalid = (...problems: string[]) => fail({ kind: "invalid_arguments", problems });

/** Codes that speak of the token, whatever the status: it was seen to differ from what is documented. */
const KEY_CODES = new Set(["no_token", "invalid_token", "token_expired", "token_mismatched"]);

/** The upstream said that the token is no good: money and retries do not help. */
export const isKeyRefused = (failure: UpstreamFailure): boolean =>
  failure.kind === "status" &&
  (failure.status === 401 ||
    (failure.status === 403 && failure.code !== "used_up") ||
    KEY_CODES.has(failure.code ?? ""));

/** 400, 413 and 422 speak of what was asked; a refused key does too, but asking otherwise does not help there. */
export const isRequestRefused = (failure: UpstreamFailure): boolean =>
  failure.kind === "status" && [400, 413, 422].includes(failure.status) && !isKeyRefused(failure);

/** Records carry the whole request, a mask of a megabyte included: fifty of them may be more than we read. */
export const isTooLarge = (failure: UpstreamFailure): boolean =>
  failure.kind === "unreadable" && failure.why === "too_large";

/** The balance is gone. 403 here is about money, not about permissions. */
export const isOutOfCredits = (failure: UpstreamFailure): boolean =>
  failure.kind === "status" && failure.status === 403 && failure.code === "used_up";

const QUOTE_MAX_CHARS = 300;

/**
 * Text from outside, safe to show: one line, without control, bidirectional and quotation characters, at most
 * 300 characters. It is data for the reader, never an instruction, so it always stands between quotation marks.
 */
export function quote(text: string): string {
  const line = text
    .replace(/[\p{C}\p{Zl}\p{Zp}"“”]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const points = Array.from(line);
  return points.length > QUOTE_MAX_CHARS ? `${points.slice(0, QUOTE_MAX_CHARS - 1).join("")}…` : line;
}
