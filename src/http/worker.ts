import { readSettings, type Settings } from "../agent/settings.ts";
import type { AuthBindings } from "../auth/bindings.ts";
import { noticeResponse } from "../auth/notice-page.ts";
import { ENDPOINTS, oauthError } from "../auth/oauth-endpoints.ts";
import { type OAuthHandlers, oauthServerFor } from "../auth/oauth-server.ts";
import { isOverLimit, RETRY_AFTER } from "../auth/rate-limit.ts";
import type { SignInContext } from "../auth/sign-in-context.ts";
import { createLog, errorName, type Log } from "../log.ts";
import { isRing, serveRing } from "./callbacks.ts";
import { depthOf } from "./deep-health.ts";
import { DEEP_HEALTH, serveCaller, serveMcp } from "./mcp-endpoint.ts";
import { isOurHost } from "./origin.ts";
import { createPages, notFound } from "./pages.ts";
import { insteadOfRefusal, loggingRefusals, noteRefusal, OTHER_PATH } from "./refusals.ts";

/** All that is for clients and people; the OAuth library would take everything below `/mcp` too. */
const PATHS: ReadonlySet<string> = new Set(["/", "/health", ...Object.values(ENDPOINTS)]);
/**
 * HTTP+SSE (2024-11-05), which the original server still served. Serving it would take a second kind of stream, whose
 * every answer comes on another connection than its request; clients of today all speak Streamable HTTP.
 */
const RETIRED_PATHS: ReadonlySet<string> = new Set(["/sse", "/messages"]);
/** Longer than any authorization request needs to be. */
const MAX_URL_CHARS = 8192;
/** Clients that are web pages call these. No cookie of ours counts there, so any page may. */
const FOR_PAGES: ReadonlySet<string> = new Set([ENDPOINTS.token, ENDPOINTS.register]);
/** Of `/health`; any other method finds nothing there. */
const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const SEEN_BY_PEOPLE: ReadonlySet<string> = new Set([ENDPOINTS.authorize, ENDPOINTS.callback]);
const LIMITED: ReadonlySet<string> = new Set([...FOR_PAGES, ...SEEN_BY_PEOPLE]);

/**
 * Every request. What is wrong with the deployment is said before anything else, on every path; then the host; then
 * the one endpoint that matters, and the authorization server with its pages for all others.
 */
export async function handle(request: Request, env: AuthBindings, ctx: ExecutionContext): Promise<Response> {
  const settings = readSettings(env);
  if (!settings.ok) return notConfigured(settings.problems, env);
  const url = new URL(request.url);
  const log = createLog(settings.configuration.logLevel, env.VEO_ANALYTICS);
  const path = PATHS.has(url.pathname) || RETIRED_PATHS.has(url.pathname) ? url.pathname : OTHER_PATH;
  const startedAtMs = Date.now();
  return loggingRefusals(path, log, async () => {
    try {
      return await serve(request, url, env, ctx, settings, log);
    } catch (error) {
      const incident = crypto.randomUUID();
      insteadOfRefusal(log)("error", "request_crashed", {
        path,
        incident,
        error: errorName(error),
        duration_ms: Date.now() - startedAtMs,
      });
      return Response.json({ error: "internal", incident }, { status: 500 });
    }
  });
}

async function serve(
  request: Request,
  url: URL,
  env: AuthBindings,
  ctx: ExecutionContext,
  settings: Settings,
  log: Log,
): Promise<Response> {
  if (!isOurHost(url, settings.configuration)) return text(421, "This host is not served here.");
  if (isRing(request, url.pathname))
    return serveRing(url.pathname, env, settings.configuration, insteadOfRefusal(log));
  if (RETIRED_PATHS.has(url.pathname))
    return text(
      410,
      `HTTP+SSE is retired: this server speaks Streamable HTTP at ${url.origin}${ENDPOINTS.mcp}`,
    );
  if (!PATHS.has(url.pathname)) return notFound();
  if (url.href.length > MAX_URL_CHARS) return oauthError(414, "invalid_request", "The address is too long");
  const authorizationServer = (asked: Request) =>
    oauthServerFor(contextOf(url, settings, log), (context) => handlersFor(context, settings)).fetch(
      asked,
      env,
      ctx,
    );
  if (url.pathname === ENDPOINTS.mcp) return serveMcp(request, url, env, settings, authorizationServer);
  // Asked like the endpoint itself, so that whatever opens that opens this, and nothing else does.
  if (url.pathname === "/health" && READS.has(request.method)) {
    const depth = depthOf(url);
    if (depth === "unclear") return text(400, "deep is 1, or 0 for the answer that anybody gets.");
    if (depth === "deep") {
      const inside = new URL(DEEP_HEALTH, url);
      const asked = new Request(inside, { headers: request.headers });
      const response = await serveMcp(asked, inside, env, settings, authorizationServer);
      return request.method === "HEAD" ? new Response(null, response) : response;
    }
  }
  const response = (await tooMany(request, url, env)) ?? (await authorizationServer(request));
  // The library says nothing with its 404s; whoever asks for metadata wants JSON.
  if (response.status === 404 && response.body === null) return notFound();
  return FOR_PAGES.has(url.pathname) ? readableByPages(response, request) : response;
}

/** @returns a refusal, if this address has asked for a sign-in too often. */
async function tooMany(request: Request, url: URL, env: AuthBindings): Promise<Response | undefined> {
  if (!LIMITED.has(url.pathname) || request.method === "OPTIONS") return undefined;
  if (!(await isOverLimit(url.pathname, request, env))) return undefined;
  noteRefusal({ reason: "too_many_requests" });
  return SEEN_BY_PEOPLE.has(url.pathname)
    ? noticeResponse(
        429,
        {
          title: "Too many attempts",
          message: "Too many sign-ins were started from your network.",
          nextStep: "Wait a minute, then start again from your app.",
        },
        new Headers(RETRY_AFTER),
      )
    : oauthError(429, "temporarily_unavailable", "Too many requests from this address", RETRY_AFTER);
}

/** The library says so of its own answers; a page has to be able to read our refusals too. */
function readableByPages(response: Response, request: Request): Response {
  const origin = request.headers.get("origin");
  const { headers } = response;
  if (origin === null || headers.has("access-control-allow-origin")) return response;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", "retry-after");
  headers.set("vary", "origin");
  return response;
}

const contextOf = ({ origin }: URL, { configuration }: Settings, log: Log): SignInContext => ({
  configuration,
  origin,
  log: insteadOfRefusal(log),
  noteRefusal,
});

function handlersFor(context: SignInContext, settings: Settings): OAuthHandlers {
  const pages = createPages(context);
  return {
    mcp: (request, env, caller) => serveCaller(request, new URL(request.url), env, settings, caller),
    pages: (request, env, ctx) => pages.fetch(request, env, ctx),
  };
}

const text = (status: number, line: string): Response =>
  new Response(`${line}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });

function notConfigured(problems: string[], { VEO_ANALYTICS }: AuthBindings): Response {
  createLog("info", VEO_ANALYTICS)("error", "not_configured", { problems: problems.length });
  return text(
    503,
    ["The server is not configured:", ...problems.map((problem) => `- ${problem}`)].join("\n"),
  );
}
