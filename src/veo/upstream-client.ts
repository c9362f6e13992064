import { z } from "zod";
import type { UpstreamFailure } from "../errors.ts";
import { type Observation, observeFinalBody } from "./observation.ts";
import type { PaidRequest } from "./paid-request.ts";

export interface UpstreamSettings {
  baseUrl: string;
  /** How long a paid call may take. It only has to answer that it was accepted. */
  requestTimeoutMs: number;
}

/** What became of a paid call. */
export type SubmitOutcome =
  | { kind: "accepted"; taskId: string; traceId?: string; observation?: Observation }
  /** The upstream said no before it started anything: nothing was charged. */
  | { kind: "refused"; failure: UpstreamFailure }
  /** It may have been accepted: the answer is missing, broken, or a server error. */
  | { kind: "undetermined"; failure: UpstreamFailure };

/** A task query: by ids of either kind, or a page of the account's history. */
export type TaskQuery =
  | { ids: string[] }
  | { trace_ids: string[] }
  | { offset: number; limit: number; type?: string; created_at_min?: number; created_at_max?: number };

export type QueryOutcome = { ok: true; records: unknown[] } | { ok: false; failure: UpstreamFailure };

export interface UpstreamClient {
  submit(request: PaidRequest, callbackUrl: string | undefined, token: string): Promise<SubmitOutcome>;
  queryTasks(query: TaskQuery, token: string): Promise<QueryOutcome>;
}

/** A watch request ends in 10 s: the next round asks again anyway (design.md, "Time"). */
const QUERY_TIMEOUT_MS = 10_000;
/** 50 records with long prompts are far below; more is a fault, and would fill the object's 128 MB. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The upstream API, with `fetch`. Never throws: what went wrong is in the outcome. */
export function createUpstreamClient(settings: UpstreamSettings): UpstreamClient {
  return {
    async submit(request, callbackUrl, token) {
      // Always `async`, beside a callback too: without it the call blocks for minutes (upstream-contract.md).
      const body = {
        ...request.body,
        ...(callbackUrl !== undefined && { callback_url: callbackUrl }),
        async: true,
      };
      const answer = await post(
        new URL(request.path, settings.baseUrl),
        body,
        token,
        settings.requestTimeoutMs,
      );
      return answer.ok ? readSubmission(answer.body) : classifyRefusal(answer.failure);
    },
    async queryTasks(query, token) {
      const body = { action: "retrieve_batch", ...query };
      const answer = await post(new URL("/veo/tasks", settings.baseUrl), body, token, QUERY_TIMEOUT_MS);
      return readBatch(answer);
    },
  };
}

/**
 * What the upstream answers for ids that it does not know is not documented: 404, an error body, `null` and `{}`
 * were all expected (upstream-contract.md), and all mean that there is no record.
 */
function readBatch(answer: HttpAnswer): QueryOutcome {
  if (!answer.ok) {
    const { failure } = answer;
    const unknownIds = failure.kind === "status" && failure.status === 404 && failure.code !== "no_api";
    return unknownIds ? { ok: true, records: [] } : answer;
  }
  const batch = batchSchema.safeParse(answer.body);
  if (batch.success) return { ok: true, records: batch.data };
  const said = readErrorBody(answer.body);
  if (said === undefined)
    return { ok: false, failure: { kind: "unreadable", status: 200, why: "unexpected_shape" } };
  return TROUBLE_CODES.has(said.code ?? "")
    ? { ok: false, failure: { kind: "status", status: 200, ...said } }
    : { ok: true, records: [] };
}

/** Codes that speak of the caller or of the upstream itself, so that a 200 with one of them says nothing of ids. */
const TROUBLE_CODES = new Set([
  "api_error",
  "invalid_token",
  "token_expired",
  "token_mismatched",
  "no_token",
  "used_up",
  "too_many_requests",
  "api_not_implemented",
  "disabled",
  "bad_request",
]);

const noRecords = (): unknown[] => [];
const batchSchema = z.union([
  z.looseObject({ items: z.array(z.unknown()) }).transform((body) => body.items),
  z.array(z.unknown()),
  z.null().transform(noRecords),
  z.strictObject({}).transform(noRecords),
]);

const submissionSchema = z.looseObject({
  task_id: z.string().min(1).max(128),
  trace_id: z.string().min(1).max(128).optional().catch(undefined),
});

function readSubmission(body: unknown): SubmitOutcome {
  const parsed = submissionSchema.safeParse(body);
  if (!parsed.success) {
    const said = readErrorBody(body);
    const failure: UpstreamFailure = said
      ? { kind: "status", status: 200, ...said }
      : { kind: "unreadable", status: 200, why: "unexpected_shape" };
    return { kind: "undetermined", failure };
  }
  const { task_id: taskId, trace_id: traceId } = parsed.data;
  const observation = observeFinalBody(taskId, body);
  return {
    kind: "accepted",
    taskId,
    ...(traceId !== undefined && { traceId }),
    ...(observation !== undefined && { observation }),
  };
}

/**
 * Only an answer that says "no" proves that nothing was charged. A server error, a broken answer or none at all
 * proves nothing; 408 and 409 neither.
 */
function classifyRefusal(failure: UpstreamFailure): SubmitOutcome {
  const saysNo =
    failure.kind === "status" &&
    failure.status >= 400 &&
    failure.status < 500 &&
    ![408, 409, 499].includes(failure.status);
  return saysNo ? { kind: "refused", failure } : { kind: "undetermined", failure };
}

type HttpAnswer = { ok: true; body: unknown } | { ok: false; failure: UpstreamFailure };

async function post(url: URL, body: unknown, token: string, timeoutMs: number): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
      },
      body: JSON.stringify(body),
      signal: deadline,
      // A redirect would carry the token to wherever it points.
      redirect: "manual",
    });
    const text = await readBounded(response);
    if (text === undefined) return unreadable(response.status, "too_large");
    const json = parseJson(text);
    if (response.ok)
      return json === undefined ? unreadable(response.status, "not_json") : { ok: true, body: json };
    const retryAfterSeconds = parseRetryAfter(response.headers.get("retry-after"));
    return {
      ok: false,
      failure: {
        kind: "status",
        status: response.status,
        ...scrub(readErrorBody(json) ?? {}, token),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
    };
  } catch {
    // `fetch` throws for two reasons only: our deadline, or the network.
    if (deadline.aborted) return { ok: false, failure: { kind: "timeout", seconds: timeoutMs / 1000 } };
    return { ok: false, failure: { kind: "unreachable" } };
  }
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

/** @returns undefined for what is not JSON; JSON has no undefined of its own. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface ErrorBody {
  code?: string;
  message?: string;
  traceId?: string;
}

const word = z.string().min(1).optional().catch(undefined);
const errorBodySchema = z.looseObject({
  error: z.looseObject({ code: word, message: word }).optional().catch(undefined),
  detail: word,
  trace_id: word,
});

/** @returns what an error body says, or undefined when the body is not one. */
function readErrorBody(body: unknown): ErrorBody | undefined {
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

/** An upstream that echoes the token in its message must not make us show it. */
function scrub(said: ErrorBody, token: string): ErrorBody {
  return said.message === undefined ? said : { ...said, message: said.message.replaceAll(token, "[token]") };
}

/** RFC 9110, section 10.2.3: seconds, or an HTTP date. @returns whole seconds from now, at least 1, at most a day. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value.trim()) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), 86_400) : undefined;
}
