import type { z } from "zod";
import { readLimitedText } from "./limited-body.ts";

const TIMEOUT_MS = 10_000;
/** Far above any answer that is asked for here. */
const MAX_ANSWER_BYTES = 1_000_000;

/** A provider's API answered something that cannot be used; the status is all that may be said of it. */
export class ProviderError extends Error {
  readonly status: number;

  constructor(path: string, status: number) {
    super(`${path} answered HTTP ${status}`);
    this.name = "ProviderError";
    this.status = status;
  }
}

/**
 * Asks a provider's API in somebody's name. Throws `ProviderError` for anything but an answer of the expected shape.
 * @param body sent as JSON with POST; without one it is a GET.
 */
export async function askProvider<T>(
  url: string,
  token: string,
  schema: z.ZodType<T>,
  body?: Record<string, string>,
): Promise<T> {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      // GitHub refuses requests without one.
      "user-agent": "veo-mcp",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // A redirect would carry the token to wherever it points.
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { pathname } = new URL(url);
  if (!response.ok) {
    await response.body?.cancel();
    throw new ProviderError(pathname, response.status);
  }
  const answer = await readLimitedText(response, MAX_ANSWER_BYTES);
  const parsed = schema.safeParse(answer && readJson(answer));
  if (!parsed.success) throw new ProviderError(pathname, response.status);
  return parsed.data;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
