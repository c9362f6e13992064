import { Agent, type IncomingMessage, request } from "node:http";
import { z } from "zod";
import type { PreparedRequest } from "./http-client.ts";

const OPEN_TIMEOUT_MS = 10_000;

/** A JSON-RPC message that a server sent without being asked, as far as the benchmark reads it. */
const messageSchema = z.looseObject({
  method: z.string().optional(),
  params: z
    .looseObject({
      uri: z.string().optional(),
      taskId: z.string().optional(),
      status: z.string().optional(),
    })
    .optional(),
});

/** A message, and when it was here, by `performance.now()`. */
export interface Heard {
  readonly message: z.infer<typeof messageSchema>;
  readonly atMs: number;
}

/** A stream of server-sent events that stays open, on a connection of its own. */
export class EventStream implements Disposable {
  readonly heard: Heard[] = [];
  /** Comments that keep the connection alive: what was sent before one of them is here when it is. */
  keepAlives = 0;
  readonly #agent = new Agent();
  readonly #looks = new Set<() => void>();
  #failure: Error | undefined;
  #rest = "";

  /** Opens a stream with a POST, or with a GET when there is no body. */
  static async open(url: string, { headers, body }: Partial<PreparedRequest>): Promise<EventStream> {
    const stream = new EventStream();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = request(
      url,
      {
        method: body === undefined ? "GET" : "POST",
        agent: stream.#agent,
        headers: { ...headers, ...(body !== undefined && { "content-length": Buffer.byteLength(body) }) },
      },
      resolve,
    );
    const timer = setTimeout(() => outgoing.destroy(new Error("no stream was opened")), OPEN_TIMEOUT_MS);
    outgoing.once("error", reject);
    outgoing.end(body);
    const incoming = await promise.finally(() => clearTimeout(timer));
    const { statusCode, headers: answered } = incoming;
    if (statusCode !== 200 || !answered["content-type"]?.startsWith("text/event-stream")) {
      stream[Symbol.dispose]();
      throw new Error(`no stream was opened: status ${statusCode}`);
    }
    incoming.setEncoding("utf8");
    incoming.on("data", (text: string) => stream.#take(text, performance.now()));
    for (const event of ["error", "close"])
      incoming.once(event, (error) => stream.#end(error instanceof Error ? error : new Error("it ended")));
    return stream;
  }

  /** Waits until `look` sees what it looks for; it looks at once, and then whenever something came. */
  until<T>(look: () => T | undefined, timeoutMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const check = () => {
      const seen = look();
      if (seen !== undefined) resolve(seen);
      else if (this.#failure !== undefined) reject(this.#failure);
    };
    const timer = setTimeout(() => reject(new Error(`nothing was heard for ${timeoutMs} ms`)), timeoutMs);
    this.#looks.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#looks.delete(check);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #take(text: string, atMs: number): void {
    const events = (this.#rest + text).split("\n\n");
    this.#rest = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data !== undefined) this.heard.push({ message: messageSchema.parse(JSON.parse(data)), atMs });
      else this.keepAlives += 1;
    }
    for (const look of this.#looks) look();
  }

  #end(why: Error): void {
    this.#failure ??= new Error(`a stream is over: ${why.message}`);
    for (const look of this.#looks) look();
  }
}
