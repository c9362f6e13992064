import { z } from "zod";

const idSchema = z.union([z.string(), z.number()]);
const requestSchema = z.looseObject({ id: idSchema, method: z.string() });
const cancelledSchema = z.looseObject({
  method: z.literal("notifications/cancelled"),
  params: z.looseObject({ requestId: idSchema }),
});
export type RequestId = z.infer<typeof idSchema>;

const messagesOf = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);
const idsOf = <T>(schema: z.ZodType<T>, body: unknown, idOf: (message: T) => RequestId): RequestId[] =>
  messagesOf(body).flatMap((message) => {
    const parsed = schema.safeParse(message);
    return parsed.success ? [idOf(parsed.data)] : [];
  });

/** @returns the messages of an exchange that take requests back: nothing else of it may run twice. */
export const cancellationsIn = (body: unknown): unknown[] =>
  messagesOf(body).filter((message) => cancelledSchema.safeParse(message).success);

/** @returns the requests that an exchange takes back. */
const cancelledIn = (body: unknown): RequestId[] =>
  idsOf(cancelledSchema, body, ({ params }) => params.requestId);

/**
 * The requests of one session that are not answered yet. The SDK sends no response to a request that was cancelled
 * (2025-11-25, "Cancellation"), and so the HTTP exchange that brought it would stay open, and the object with it,
 * for as long as the client does.
 */
export class OpenRequests {
  readonly #open = new Map<RequestId, (id: RequestId) => Promise<void>>();

  /**
   * Follows an exchange.
   * @param end answers a request of it that is cancelled later.
   */
  async follow(
    body: unknown,
    exchange: () => Promise<Response>,
    end: (id: RequestId) => Promise<void>,
  ): Promise<Response> {
    const begun = idsOf(requestSchema, body, ({ id }) => id);
    for (const id of begun) this.#open.set(id, end);
    let isStream = false;
    try {
      const response = await exchange();
      for (const id of cancelledIn(body)) {
        const endIt = this.#open.get(id);
        this.#open.delete(id);
        await endIt?.(id);
      }
      isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
      return response;
    } finally {
      // A stream goes on after its exchange has begun: its requests are open until they are answered.
      if (!isStream) for (const id of begun) this.answered(id);
    }
  }

  /** Answers all that are open, because nothing else will. */
  async endAll(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    for (const [id, end] of open) await end(id);
  }

  /** Whether a request is not answered yet. */
  get isBusy(): boolean {
    return this.#open.size > 0;
  }

  /** Forgets a request: there is an answer, or nobody can have one any more. */
  answered(id: RequestId): void {
    this.#open.delete(id);
  }
}
