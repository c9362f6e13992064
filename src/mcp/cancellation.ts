import { z } from "zod";

const idSchema = z.union([z.string(), z.number()]);
const requestSchema = z.looseObject({ id: idSchema, method: z.string() });
const cancelledSchema = z.looseObject({
  method: z.literal("notifications/cancelled"),
  params: z.looseObject({ requestId: idSchema }),
});
type RequestId = z.infer<typeof idSchema>;

const messagesOf = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);
const idsOf = <T>(schema: z.ZodType<T>, body: unknown, idOf: (message: T) => RequestId): RequestId[] =>
  messagesOf(body).flatMap((message) => {
    const parsed = schema.safeParse(message);
    return parsed.success ? [idOf(parsed.data)] : [];
  });

/**
 * The requests of one session that are not answered yet. The SDK sends no response to a request that was cancelled
 * (2025-11-25, "Cancellation"), and so the HTTP exchange that brought it would stay open, and the object with it,
 * for as long as the client does.
 */
export class OpenRequests {
  readonly #open = new Set<RequestId>();

  /**
   * Follows an exchange.
   * @param end answers a request that was cancelled in it.
   */
  async follow(
    body: unknown,
    exchange: () => Promise<Response>,
    end: (id: RequestId) => Promise<void>,
  ): Promise<Response> {
    const begun = idsOf(requestSchema, body, ({ id }) => id);
    for (const id of begun) this.#open.add(id);
    try {
      const response = await exchange();
      for (const id of idsOf(cancelledSchema, body, ({ params }) => params.requestId))
        if (this.#open.delete(id)) await end(id);
      return response;
    } finally {
      for (const id of begun) this.#open.delete(id);
    }
  }
}
