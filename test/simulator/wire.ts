/** A JSON object as it came over the wire, not yet trusted. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An HTTP answer that tells of an error, before it is a `Response`. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** A JSON answer. */
export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** An error in the upstream's shape. It writes `success` in some errors only: here, in the caller's own. */
export function errorResponse(
  answer: ErrorAnswer,
  traceId: string,
  headers: Record<string, string> = {},
): Response {
  const error = { code: answer.code, message: answer.message };
  const flag = answer.status < 500 ? { success: false } : {};
  return jsonResponse({ ...flag, error, trace_id: traceId }, answer.status, headers);
}

/** What a connection that breaks looks like to the caller of `fetch`. */
export function connectionLost(): TypeError {
  return new TypeError("fetch failed: the simulator dropped the connection");
}
