/**
 * An HTTP exchange at `/mcp`, as the Worker hands it over: the body parsed, the headers by an allow-list. Both
 * sides are one bundle, and the types cross with the call, so only the caller's identity is parsed again.
 */
export interface IncomingExchange {
  method: "GET" | "POST" | "DELETE";
  headers: [string, string][];
  /** The JSON of a POST; undefined for the other methods. */
  body: unknown;
}

/**
 * What the object answers, as data: a `Response` costs more to hand over than its parts. JSON comes as text; a
 * stream of events stays a stream.
 */
export interface OutgoingAnswer {
  status: number;
  headers: [string, string][];
  body: string | ReadableStream<Uint8Array> | null;
}
