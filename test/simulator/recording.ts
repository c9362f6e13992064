import { z } from "zod";
import type { JsonObject } from "./wire.ts";

/** A request that reached the simulator; those to its own controls are not counted. */
export interface RecordedRequest {
  /** Unix milliseconds. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** `action` of the body, where there is one. */
  readonly action: string | null;
  /** The body, when it was a JSON object. */
  readonly body: JsonObject | null;
  readonly token: string | null;
  /** The status that was answered; null while there is no answer, and for ever when none came. */
  status: number | null;
}

/** A request that our code must never make. */
export interface UnexpectedRequest {
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}

/** A request as the simulator works with it. */
export interface Call {
  readonly recorded: RecordedRequest;
  readonly signal: AbortSignal;
  readonly origin: string;
}

const bodySchema = z.record(z.string(), z.unknown());
const actionSchema = z.object({ action: z.string() });

/** Reads a request once, so that it can be recorded, matched with faults and answered. */
export async function readCall(request: Request, nowMs: number): Promise<Call> {
  const { pathname, origin } = new URL(request.url);
  const body = parseObject(await request.clone().text());
  const action = actionSchema.safeParse(body);
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.get("authorization") ?? "");
  return {
    recorded: {
      at: nowMs,
      method: request.method,
      path: pathname,
      action: action.success ? action.data.action : null,
      body,
      token: bearer?.[1] ?? null,
      status: null,
    },
    signal: request.signal,
    origin,
  };
}

function parseObject(text: string): JsonObject | null {
  try {
    const parsed = bodySchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
