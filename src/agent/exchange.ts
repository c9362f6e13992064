import { z } from "zod";

/** JSON as it was parsed; nothing is known of it yet. */
const jsonSchema = z.unknown().optional();

/** An HTTP exchange at `/mcp`, as the Worker hands it over: the body parsed, the headers by an allow-list. */
export const exchangeSchema = z.strictObject({
  method: z.enum(["GET", "POST", "DELETE"]),
  url: z.url(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: jsonSchema,
});
export type IncomingExchange = z.infer<typeof exchangeSchema>;
