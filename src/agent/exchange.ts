import { z } from "zod";

/** An HTTP exchange at `/mcp`, as the Worker hands it over: the body parsed, the headers by an allow-list. */
const exchangeSchema = z.object({
  method: z.enum(["GET", "POST", "DELETE"]),
  /** Under which origin the server was called; a Worker of an earlier release does not say. */
  origin: z.string().exactOptional(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  /** The JSON of a POST; absent for the other methods. */
  body: z.unknown().optional(),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** An exchange as one text, which is cheaper to hand over than the objects in it. */
export const packExchange = (exchange: Exchange): string => JSON.stringify(exchange);
export const unpackExchange = (packed: string): Exchange => exchangeSchema.parse(JSON.parse(packed));

/**
 * What the object answers: one text, a line of JSON with status and headers, and the body behind it. Handing over
 * objects and responses costs more than the rest of a cached answer. A stream stays a response.
 */
export type OutgoingAnswer = string | Response;

/** What the object says of a stream that a client wants to open. Without a ticket there is nothing to hear of. */
export type OpenedStream =
  | { ok: true; ticket: string | undefined; acknowledged: Record<string, string[]> }
  | { ok: false; answer: OutgoingAnswer };

const headSchema = z.object({ status: z.number(), headers: z.array(z.tuple([z.string(), z.string()])) });

export async function packAnswer(response: Response): Promise<OutgoingAnswer> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
  const { status, headers, body } = response;
  const head = JSON.stringify({ status, headers: [...headers] });
  return body === null ? head : `${head}\n${await response.text()}`;
}

/** @returns a response whose headers can still be changed. */
export function unpackAnswer(answer: OutgoingAnswer): Response {
  if (typeof answer !== "string") return new Response(answer.body, answer);
  const end = answer.indexOf("\n");
  const { status, headers } = headSchema.parse(JSON.parse(end < 0 ? answer : answer.slice(0, end)));
  return new Response(end < 0 ? null : answer.slice(end + 1), { status, headers });
}
