import { isJsonContentType } from "@modelcontextprotocol/server";
import type { Bindings } from "../agent/bindings.ts";
import { packExchange, unpackAnswer } from "../agent/exchange.ts";
import type { Settings } from "../agent/settings.ts";
import { authenticate } from "../auth/access-key.ts";
import { createListenHandler, isListen, type ListenHandler } from "../mcp/listen.ts";
import type { Deployment } from "../tools/define-tool.ts";
import { readJsonBody } from "./body.ts";
import { isAllowedOrigin } from "./origin.ts";

const METHODS = ["GET", "POST", "DELETE"] as const;
/** All that the protocol reads; nothing else of a client's headers reaches the object. */
const PROTOCOL_HEADERS = [
  "accept",
  "content-type",
  "last-event-id",
  "mcp-method",
  "mcp-name",
  "mcp-protocol-version",
  "mcp-session-id",
];
/** Longer than any of them needs to be. */
const MAX_HEADER_CHARS = 8192;

/** `/mcp`: lets in whom the configuration allows, and hands the exchange to the account's object. */
export async function serveMcp(
  request: Request,
  url: URL,
  env: Bindings,
  settings: Settings,
): Promise<Response> {
  const { configuration } = settings;
  const origin = request.headers.get("origin");
  if (!isAllowedOrigin(origin, url, configuration))
    return jsonRpcError(403, -32000, "This origin may not call the server");
  const response = request.method === "OPTIONS" ? preflight() : await answer(request, url, env, settings);
  return withCors(response, origin);
}

async function answer(request: Request, url: URL, env: Bindings, settings: Settings): Promise<Response> {
  const method = METHODS.find((name) => name === request.method);
  if (method === undefined)
    return new Response(null, { status: 405, headers: { allow: "GET, POST, DELETE, OPTIONS" } });
  const caller = authenticate(request, settings.configuration.accessKey);
  if (caller === undefined) return unauthorized();
  const headers = PROTOCOL_HEADERS.flatMap((name): [string, string][] => {
    const value = request.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  if (headers.some(([, value]) => value.length > MAX_HEADER_CHARS))
    return jsonRpcError(431, -32600, "A header is too long");
  let body: unknown;
  if (method === "POST") {
    if (!isJsonContentType(request.headers.get("content-type")))
      return jsonRpcError(415, -32600, "Content-Type must be application/json");
    const read = await readJsonBody(request);
    if (!read.ok) return jsonRpcError(read.status, read.code, read.message);
    body = read.json;
    if (isListen(body))
      return listenHandler(settings.deployment)(new Request(url, { method, headers }), { parsedBody: body });
  }
  const agent = env.VEO_AGENT.getByName(caller.account);
  return unpackAnswer(await agent.serve(packExchange({ method, headers, body }), caller));
}

const listenHandlers = new WeakMap<Deployment, ListenHandler>();

/** One for each deployment's settings, since the handler counts the streams that are open. */
function listenHandler(deployment: Deployment): ListenHandler {
  const handler = listenHandlers.get(deployment) ?? createListenHandler(deployment);
  listenHandlers.set(deployment, handler);
  return handler;
}

/** RFC 6750, section 3. Bare, since there is no authorization server to name yet. */
const unauthorized = (): Response =>
  Response.json(
    {
      error: "unauthorized",
      error_description: "Send the server's access key as Authorization: Bearer <MCP_ACCESS_KEY>",
    },
    { status: 401, headers: { "www-authenticate": 'Bearer realm="veo"' } },
  );

const jsonRpcError = (status: number, code: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code, message } }, { status });

const preflight = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
      "access-control-allow-headers": ["authorization", ...PROTOCOL_HEADERS].join(", "),
      "access-control-max-age": "86400",
    },
  });

/** The SDKs' transports allow every origin; here only the one that was checked is allowed. */
function withCors(response: Response, origin: string | null): Response {
  const { headers } = response;
  headers.delete("access-control-allow-origin");
  headers.delete("access-control-expose-headers");
  headers.set("vary", "origin");
  if (origin !== null) {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", "mcp-session-id, www-authenticate");
  }
  return response;
}
