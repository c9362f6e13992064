import type { Bindings } from "../agent/bindings.ts";
import { readSettings } from "../agent/settings.ts";
import { createLog } from "../log.ts";
import { serveMcp } from "./mcp-endpoint.ts";
import { isOurHost } from "./origin.ts";
import { pages } from "./pages.ts";

/**
 * Every request. What is wrong with the deployment is said before anything else, on every path; then the host;
 * then the one endpoint that matters, and the router for all others.
 */
export async function handle(request: Request, env: Bindings, ctx: ExecutionContext): Promise<Response> {
  const settings = readSettings(env);
  if (!settings.ok) return notConfigured(settings.problems);
  const url = new URL(request.url);
  if (!isOurHost(url, settings.configuration)) return text(421, "This host is not served here.");
  try {
    return await (url.pathname === "/mcp"
      ? serveMcp(request, url, env, settings)
      : pages.fetch(request, env, ctx));
  } catch (error) {
    const incident = crypto.randomUUID();
    createLog(settings.configuration.logLevel)("error", "request_crashed", {
      incident,
      error: String(error),
    });
    return Response.json({ error: "internal", incident }, { status: 500 });
  }
}

const text = (status: number, line: string): Response =>
  new Response(`${line}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });

const notConfigured = (problems: string[]): Response =>
  text(503, ["The server is not configured:", ...problems.map((problem) => `- ${problem}`)].join("\n"));
