import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What answers requests, in the shape that Workers and our stand-ins share. */
export type Answerer = (request: Request) => Promise<Response>;

export interface FetchServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
}

export interface FetchServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Stops listening and breaks the connections that are open. */
  close(): Promise<void>;
}

/** Serves over HTTP, in Node, what answers a `Request` with a `Response`. */
export async function serveFetch(answerer: Answerer, options: FetchServerOptions): Promise<FetchServer> {
  const { port, host = "127.0.0.1" } = options;
  const server = createServer((request, response) => {
    // A rejection is a connection that broke, or whose other end has gone.
    answer(answerer, request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host}:${boundPort}`,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  answerer: Answerer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const response = await answerer(await toRequest(incoming, gone.signal));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  const reader = response.body?.getReader();
  const closed = new Promise<void>((resolve) => {
    gone.signal.addEventListener("abort", () => {
      reader?.cancel().catch(() => undefined);
      resolve();
    });
  });
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    const { value } = part;
    // Each part has left before the next is asked for: a body that breaks then breaks after its start.
    const written = new Promise<void>((resolve) => outgoing.write(value, () => resolve()));
    await Promise.race([written, closed]);
  }
  outgoing.end();
}

async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const method = incoming.method ?? "GET";
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = method === "GET" || method === "HEAD" ? null : Buffer.concat(chunks);
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
  return new Request(url, { method, headers, body, signal });
}

function listenError(error: Error, host: string, port: number): Error {
  if (!("code" in error) || error.code !== "EADDRINUSE") return error;
  return new Error(`Port ${port} on ${host} is in use: stop what listens there, or choose another port.`);
}
