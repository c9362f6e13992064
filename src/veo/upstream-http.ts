import { z } from "zod";
import type { UpstreamFailure } from "../errors.ts";
import type { Log } from "../log.ts";
import { optionalError, optionalId, optionalMessage } from "./upstream-text.ts";

/** 50 records with long prompts are far below; more is a fault, and would fill the object's 128 MB. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** An answer of the upstream: JSON, or why there is none. */
export type HttpAnswer = { ok: true; body: unknown } | { ok: false; failure: UpstreamFailure };

/** What must not come back out of an answer, and what stands there instead. */
export interface Hidden {
  text: string;
  as: string;
}

export interface JsonPost {
  body: unknown;
  token: string;
  /** The whole of the exchange has to end in this, the body included. */
  timeoutMs: number;
  /** What of the request is secret beside the token. */
  hidden: readonly Hidden[];
}

/**
 * Posts JSON, once: no retry, no redirect. Never throws.
 * @param log gets a line of it: never the token, the body, or what is in the answer beside its trace.
 */
export async function postJson(url: URL, post: JsonPost, log: Log): Promise<HttpAnswer> {
  const startedAtMs = Date.now();
  const { answer, status } = await exchange(url, post);
  log(answer.ok ? "info" : "warn", "upstream_request", {
    path: url.pathname,
    outcome: answer.ok ? "ok" : answer.failure.kind,
    status,
    duration_ms: Date.now() - startedAtMs,
    trace_id: answer.ok ? traceIn(answer.body) : traceOf(answer.failure),
  });
  return answer;
}

/** Ids of the upstream's own making, and short: what else stands there is not for a log. */
const traceSchema = z
  .looseObject({
    trace_id: z
      .string()
      .regex(/^[\w-]{1,64}$/)
      .optional()
      .catch(undefined),
  })
  .catch({ trace_id: undefined });
/** @returns the upstream's trace in an answer, where it has one that may stand in a log. */
export const traceIn = (answer: unknown): string | undefined => traceSchema.parse(answer).trace_id;
const traceOf = (failure: UpstreamFailure): string | undefined =>
  failure.kind === "status" ? traceIn({ trace_id: failure.traceId }) : undefined;

async function exchange(
  url: URL,
  { body, token, timeoutMs, hidden }: JsonPost,
): Promise<{ answer: HttpAnswer; status?: number }> {
  // Not `AbortSignal.timeout`: its timer would go on after the answer, and keep the object in memory.
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
      },
      body: JSON.stringify(body),
      signal: deadline.signal,
      // A redirect would carry the token to wherever it points.
      redirect: "manual",
    });
    return {
      answer: await read(response, [{ text: token, as: "[token]" }, ...hidden]),
      status: response.status,
    };
  } catch {
    // `fetch` throws for two reasons only: our deadline, or the network.
    const failure: UpstreamFailure = deadline.signal.aborted
      ? { kind: "timeout", seconds: timeoutMs / 1000 }
      : { kind: "unreachable" };
    return { answer: { ok: false, failure } };
  } finally {
    clearTimeout(timer);
  }
}

async function read(response: Response, hidden: readonly Hidden[]): Promise<HttpAnswer> {
  const text = await readBounded(response);
  if (text === undefined) return unreadable(response.status, "too_large");
  const json = parseJson(text, hidden);
  if (response.ok)
    return json === undefined ? unreadable(response.status, "not_json") : { ok: true, body: json };
  const retryAfterSeconds = parseRetryAfter(response.headers.get("retry-after"));
  return {
    ok: false,
    failure: {
      kind: "status",
      status: response.status,
      ...readErrorBody(json),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  };
}

const unreadable = (status: number, why: "not_json" | "too_large"): HttpAnswer => ({
  ok: false,
  failure: { kind: "unreadable", status, why },
});

/** @returns the body as text, or undefined when it is longer than we accept; the rest is then not read. */
async function readBounded(response: Response): Promise<string | undefined> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * @param hidden an upstream that echoes it, in whatever part of its answer and however it is escaped, must not make us
 * keep or show it.
 * @returns undefined for what is not JSON; JSON has no undefined of its own.
 */
function parseJson(text: string, hidden: readonly Hidden[]): unknown {
  const redact = (said: string) =>
    hidden.reduce((told, { text: secret, as }) => told.replaceAll(secret, as), said);
  try {
    return JSON.parse(text, (_key, value: unknown) => {
      if (typeof value === "string") return redact(value);
      if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
      const names = Object.keys(value);
      if (names.every((name) => redact(name) === name)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [redact(name), item]));
    });
  } catch {
    return undefined;
  }
}

export interface ErrorBody {
  code?: string;
  message?: string;
  traceId?: string;
}

const errorBodySchema = z.looseObject({
  error: optionalError,
  detail: optionalMessage,
  trace_id: optionalId,
});

/** @returns what an error body says, or undefined when the body is not one. */
export function readErrorBody(body: unknown): ErrorBody | undefined {
  const parsed = errorBodySchema.safeParse(body);
  if (!parsed.success || (parsed.data.error === undefined && parsed.data.detail === undefined))
    return undefined;
  const { error, detail, trace_id: traceId } = parsed.data;
  const message = error?.message ?? detail;
  return {
    ...(error?.code !== undefined && { code: error.code }),
    ...(message !== undefined && { message }),
    ...(traceId !== undefined && { traceId }),
  };
}

/** RFC 9110, section 10.2.3: seconds, or an HTTP date. @returns whole seconds from now, at least 1, at most a day. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 86_400) : undefined;
}
