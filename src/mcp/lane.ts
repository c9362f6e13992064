import type { CallerContext } from "../tools/define-tool.ts";

/**
 * One HTTP exchange at `/mcp`, as data: the Worker has read and parsed the body, and only the headers that the
 * protocol needs come with it.
 */
export interface Exchange {
  request: Request;
  /** The parsed JSON of a POST; undefined for other methods. */
  body: unknown;
}

/** A long-lived stream that a client may open. */
export interface StreamOpening {
  /** Who is subscribed: a session, or the stream itself. */
  holder: string;
  /** What it is subscribed to with its opening. */
  topics: readonly string[];
  /** What the client is told that it will hear of. */
  acknowledged: Record<string, string[]>;
}

/** One generation of the protocol. */
export interface Lane {
  serve(exchange: Exchange, context: CallerContext): Promise<Response>;
  /** @returns what a stream that is asked for is about, or the answer that refuses it. */
  open(exchange: Exchange, context: CallerContext): Promise<StreamOpening | Response>;
}
