import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** Longer than the server ever parks a call (50 s). */
const RESPONSE_TIMEOUT_MS = 70_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is sent: made before the clock starts. */
export interface PreparedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One keep-alive connection. Lean on purpose: an SDK's client costs more than the server, on both sides of every
 * ratio, and would hide what is measured.
 */
export class Connection implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** Posts a body, and reads the whole answer: for server-sent events, until the server ends the stream. */
  post(url: string, { headers, body }: PreparedRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          method: "POST",
          agent: this.#agent,
          headers: { ...headers, "content-length": Buffer.byteLength(body) },
          timeout: RESPONSE_TIMEOUT_MS,
        },
        (incoming) => {
          let text = "";
          incoming.setEncoding("utf8");
          incoming.on("data", (chunk: string) => {
            text += chunk;
          });
          incoming.once("error", reject);
          incoming.once("end", () =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
          );
        },
      );
      outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer in ${RESPONSE_TIMEOUT_MS} ms`)));
      outgoing.once("error", reject);
      outgoing.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
