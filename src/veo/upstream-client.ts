import { z } from "zod";
import type { UpstreamFailure } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Observation, observeFinalBody } from "./observation.ts";
import type { PaidRequest } from "./paid-request.ts";
import { type Hidden, type HttpAnswer, postJson, readErrorBody } from "./upstream-http.ts";
import { optionalId, upstreamId } from "./upstream-text.ts";

export interface UpstreamSettings {
  baseUrl: string;
  /** How long a paid call may take. It only has to answer that it was accepted. */
  requestTimeoutMs: number;
  log: Log;
}

/** What became of a paid call. */
export type SubmitOutcome =
  | { kind: "accepted"; taskId: string; traceId?: string; observation?: Observation }
  /** The upstream said no before it started anything: nothing was charged. */
  | { kind: "refused"; failure: UpstreamFailure }
  /** It may have been accepted: the answer is missing, broken, or a server error. */
  | { kind: "undetermined"; failure: UpstreamFailure };

/** A task query: by ids of either kind, or a page of the account's history. */
export type TaskQuery = { ids: string[] } | { trace_ids: string[] } | TaskPage;

export interface TaskPage {
  offset: number;
  limit: number;
  type?: string;
  /** Unix seconds. */
  created_at_min?: number;
  created_at_max?: number;
}

export type QueryOutcome = { ok: true; records: unknown[] } | { ok: false; failure: UpstreamFailure };
/** A page, and how many records there are of what was asked for, where that is said. */
export type ListOutcome =
  | { ok: true; records: unknown[]; count?: number }
  | { ok: false; failure: UpstreamFailure };

export interface UpstreamClient {
  submit(request: PaidRequest, callbackUrl: string | undefined, token: string): Promise<SubmitOutcome>;
  queryTasks(query: TaskQuery, token: string): Promise<QueryOutcome>;
  /** Asks for a page of the token's own tasks, strictly: whatever is not a list says nothing of what is in it. */
  listTasks(query: TaskPage, token: string): Promise<ListOutcome>;
  /** Asks for a page of history, strictly: only a list proves that the upstream knows the token. */
  checkToken(token: string): Promise<{ ok: true } | { ok: false; failure: UpstreamFailure }>;
}

/** A watch request ends in 10 s: the next round asks again anyway (design.md, "Time"). */
const QUERY_TIMEOUT_MS = 10_000;

/** The upstream API, with `fetch`. Never throws: what went wrong is in the outcome. */
export function createUpstreamClient(settings: UpstreamSettings): UpstreamClient {
  const post = (
    path: string,
    body: unknown,
    token: string,
    timeoutMs: number,
    hidden: readonly Hidden[] = [],
  ) => postJson(new URL(path, settings.baseUrl), { body, token, timeoutMs, hidden }, settings.log);
  const listTasks = async (query: TaskPage, token: string): Promise<ListOutcome> => {
    const body = { action: "retrieve_batch", ...query };
    const answer = await post("/veo/tasks", body, token, QUERY_TIMEOUT_MS);
    if (!answer.ok) return answer;
    const list = listSchema.safeParse(answer.body);
    if (list.success) {
      const { count } = countSchema.parse(answer.body);
      return { ok: true, records: list.data, ...(count !== undefined && { count }) };
    }
    return { ok: false, failure: failureIn(answer.body) };
  };
  return {
    async submit(request, callbackUrl, token) {
      // Always `async`, beside a callback too: without it the call blocks for minutes (upstream-contract.md).
      const body = {
        ...request.body,
        ...(callbackUrl !== undefined && { callback_url: callbackUrl }),
        async: true,
      };
      // Whoever knows the address can ring there, or be rung at.
      const hidden = callbackUrl === undefined ? [] : [{ text: callbackUrl, as: "[address]" }];
      const answer = await post(request.path, body, token, settings.requestTimeoutMs, hidden);
      return answer.ok ? readSubmission(answer.body) : classifyRefusal(answer.failure);
    },
    async queryTasks(query, token) {
      const body = { action: "retrieve_batch", ...query };
      const answer = await post("/veo/tasks", body, token, QUERY_TIMEOUT_MS);
      return readBatch(answer);
    },
    listTasks,
    async checkToken(token) {
      const listed = await listTasks({ offset: 0, limit: 1 }, token);
      return listed.ok ? { ok: true } : listed;
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
  const failure = failureIn(answer.body);
  const isAboutIds = failure.kind === "status" && !TROUBLE_CODES.has(failure.code ?? "");
  return isAboutIds ? { ok: true, records: [] } : { ok: false, failure };
}

/** What is wrong with an answer of status 200 that does not have what was asked for. */
function failureIn(body: unknown): UpstreamFailure {
  const said = readErrorBody(body);
  return said === undefined
    ? { kind: "unreadable", status: 200, why: "unexpected_shape" }
    : { kind: "status", status: 200, ...said };
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
const listSchema = z.union([
  z.looseObject({ items: z.array(z.unknown()) }).transform((body) => body.items),
  z.array(z.unknown()),
]);
const countSchema = z
  .looseObject({ count: z.number().optional().catch(undefined) })
  .catch({ count: undefined });
const batchSchema = z.union([
  listSchema,
  z.null().transform(noRecords),
  z.strictObject({}).transform(noRecords),
]);

const submissionSchema = z.looseObject({
  task_id: upstreamId,
  trace_id: optionalId,
});

function readSubmission(body: unknown): SubmitOutcome {
  const parsed = submissionSchema.safeParse(body);
  if (!parsed.success) return { kind: "undetermined", failure: failureIn(body) };
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
