import { isJsonContentType } from "@modelcontextprotocol/server";
import { accountHash } from "../agent/account-hash.ts";
import type { Bindings } from "../agent/bindings.ts";
import type { Caller } from "../agent/caller.ts";
import { packExchange, unpackAnswer } from "../agent/exchange.ts";
import type { Settings } from "../agent/settings.ts";
import { keyIn } from "../auth/bearer.ts";
import type { AuthBindings } from "../auth/bindings.ts";
import { holderOfKey } from "../auth/header-key.ts";
import { ENDPOINTS, oauthError } from "../auth/oauth-endpoints.ts";
import { isOverLimit, RETRY_AFTER } from "../auth/rate-limit.ts";
import { createLog } from "../log.ts";
import { createListenCheck, listenIdOf } from "../mcp/listen.ts";
import { listenVoice, sessionVoice } from "../mcp/stream-voice.ts";
import type { Deployment } from "../tools/define-tool.ts";
import { readJsonBody } from "./body.ts";
import { deepHealth } from "./deep-health.ts";
import { isAllowedOrigin } from "./origin.ts";
import { insteadOfRefusal, noteAccount, noteRefusal } from "./refusals.ts";
import { serveStream } from "./streams.ts";

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

/**
 * `/mcp`: lets in whom the configuration allows. A key in the header is looked at here; everything else, a token or
 * nothing at all, is for the authorization server, which answers 401 or comes back with `serveExchange`.
 */
export async function serveMcp(
  request: Request,
  url: URL,
  env: AuthBindings,
  settings: Settings,
  authorizationServer: (request: Request) => Promise<Response>,
): Promise<Response> {
  const origin = request.headers.get("origin");
  if (!isAllowedOrigin(origin, url, settings.configuration)) {
    noteRefusal({ reason: "origin_not_allowed" });
    return jsonRpcError(403, -32000, "This origin may not call the server");
  }
  const answer = async (): Promise<Response> => {
    if (request.method === "OPTIONS") return preflight();
    if (methodOf(request) === undefined)
      return new Response(null, { status: 405, headers: { allow: "GET, POST, DELETE, OPTIONS" } });
    return authenticated(request, url, env, settings, authorizationServer);
  };
  return withCors(await answer(), origin);
}

async function authenticated(
  request: Request,
  url: URL,
  env: AuthBindings,
  settings: Settings,
  authorizationServer: (request: Request) => Promise<Response>,
): Promise<Response> {
  const key = keyIn(request);
  if (key !== undefined) {
    const holder = await holderOfKey(key, request, env, settings.configuration);
    switch (holder.kind) {
      case "known":
        return serveCaller(request, url, env, settings, holder.caller);
      case "limited":
        return tooMany();
      case "unreachable":
        noteRefusal({ reason: "key_not_checked" });
        return oauthError(
          503,
          "temporarily_unavailable",
          "The key cannot be checked: AceDataCloud does not answer",
          RETRY_AFTER,
        );
      case "unknown":
    }
  }
  const response = await authorizationServer(request);
  if (response.status !== 401) return response;
  if (!request.headers.has("authorization")) {
    // How every sign-in begins: the answer says where to go.
    noteRefusal({ reason: "no_credential" });
    return response;
  }
  // Nobody who knows a credential comes by here, so a shared address locks nobody out.
  return (await isOverLimit("bearer", request, env)) ? tooMany() : response;
}

function tooMany(): Response {
  noteRefusal({ reason: "too_many_unknown_credentials" });
  return oauthError(
    429,
    "temporarily_unavailable",
    "Too many unknown credentials from this address",
    RETRY_AFTER,
  );
}

/** Below the endpoint, where nobody outside gets: what `/health?deep` is asked as. */
export const DEEP_HEALTH = `${ENDPOINTS.mcp}/health`;

/** Serves whoever was let in. */
export function serveCaller(
  request: Request,
  url: URL,
  env: Bindings,
  settings: Settings,
  caller: Caller,
): Promise<Response> {
  const { configuration } = settings;
  noteAccount(() => accountHash(caller.account, configuration.secretKey));
  if (url.pathname !== DEEP_HEALTH) return serveExchange(request, url, env, settings, caller);
  const log = insteadOfRefusal(createLog(configuration.logLevel, env.VEO_ANALYTICS));
  return deepHealth(env, caller, configuration, log);
}

/** Hands an exchange to the object of whoever was let in. */
async function serveExchange(
  request: Request,
  url: URL,
  env: Bindings,
  settings: Settings,
  caller: Caller,
): Promise<Response> {
  const method = methodOf(request);
  if (method === undefined) return new Response(null, { status: 405 });
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
  }
  const agent = env.VEO_AGENT.getByName(caller.account);
  const exchange = packExchange({ method, origin: url.origin, headers, body });
  const listenId = listenIdOf(body);
  if (listenId !== undefined) {
    const answer = await listenCheckOf(settings.deployment)({
      request: new Request(url, { method, headers }),
      body,
    });
    return answer ?? serveStream(agent, exchange, caller, listenVoice(listenId, settings.deployment));
  }
  if (method === "GET") return serveStream(agent, exchange, caller, sessionVoice);
  return unpackAnswer(await agent.serve(exchange, caller));
}

const listenChecks = new WeakMap<Deployment, ReturnType<typeof createListenCheck>>();
function listenCheckOf(deployment: Deployment) {
  const check = listenChecks.get(deployment) ?? createListenCheck(deployment);
  listenChecks.set(deployment, check);
  return check;
}

const methodOf = (request: Request) => METHODS.find((name) => name === request.method);

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

/** The SDKs' transports and the OAuth library allow every origin; here only the one that was checked is allowed. */
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
