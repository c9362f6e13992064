import { once } from "node:events";
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from "node:http";

export interface HeaderProxy {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Stands before a server and adds headers that the conformance command has no way to send. Everything else passes
 * as it came, `Host` and `Origin` above all: the scenario on DNS rebinding is about nothing but those two.
 */
export async function startHeaderProxy(
  target: string,
  added: Readonly<Record<string, string>>,
  removed: readonly string[] = [],
): Promise<HeaderProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const { method, url } = incoming;
    const headers = { ...incoming.headers, ...added };
    for (const name of removed) delete headers[name];
    // `setHost` is node's own Host; the caller's is among the headers.
    const forwarded = openRequest({
      hostname,
      port,
      method,
      path: url,
      headers,
      setHost: false,
    });
    forwarded.once("response", (answer) => passOn(answer, outgoing));
    forwarded.once("error", () => outgoing.destroy());
    outgoing.once("close", () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(answer: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  answer.once("error", () => outgoing.destroy());
  answer.pipe(outgoing);
}
