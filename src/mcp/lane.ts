import type { ToolContext } from "../tools/define-tool.ts";

/**
 * One HTTP exchange at `/mcp`, as data: the Worker has read and parsed the body, and only the headers that the
 * protocol needs come with it.
 */
export interface Exchange {
  request: Request;
  /** The parsed JSON of a POST; undefined for other methods. */
  body: unknown;
}

/** One generation of the protocol. */
export interface Lane {
  serve(exchange: Exchange, context: Omit<ToolContext, "signal">): Promise<Response>;
}
