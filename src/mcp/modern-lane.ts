import {
  createMcpHandler,
  type McpHttpHandler,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Log } from "../log.ts";
import type { ToolContext } from "../tools/define-tool.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Lane } from "./lane.ts";
import { translatingProblems } from "./problem.ts";
import { STATIC_CACHING } from "./resource-methods.ts";

/**
 * The 2026-07-28 lane: stateless, a server per request, from `@modelcontextprotocol/server`. The methods are set
 * on the server directly: registering thirteen tools for every request would convert their schemas every time.
 */
export function createModernLane(catalogue: Catalogue, log: Log): Lane {
  const onerror = (error: Error) => log("debug", "mcp_request_refused", { error: error.name });
  // A handler serves one context, and an account has as many as it has kinds of callers: one or two.
  const handlers = new Map<boolean, McpHttpHandler>();
  return {
    async serve({ request, body }, context) {
      const handler =
        handlers.get(context.ownsToken) ??
        createMcpHandler(() => buildServer(catalogue, context), { legacy: "reject", onerror });
      handlers.set(context.ownsToken, handler);
      return handler.fetch(request, { parsedBody: body });
    },
  };
}

function buildServer(catalogue: Catalogue, base: Omit<ToolContext, "signal">): Server {
  const server = new Server(catalogue.serverInfo, {
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
    instructions: catalogue.instructions,
    cacheHints: {
      "server/discover": STATIC_CACHING,
      "tools/list": STATIC_CACHING,
      "prompts/list": STATIC_CACHING,
      "resources/list": STATIC_CACHING,
      "resources/templates/list": STATIC_CACHING,
    },
  });
  const contextOf = (ctx: ServerContext): ToolContext => ({ ...base, signal: ctx.mcpReq.signal });
  server.setRequestHandler("tools/list", catalogue.listTools);
  server.setRequestHandler("tools/call", ({ params }, ctx) =>
    inThisLane(() => catalogue.callTool(params, contextOf(ctx))),
  );
  server.setRequestHandler("prompts/list", catalogue.listPrompts);
  server.setRequestHandler("prompts/get", ({ params }, ctx) =>
    inThisLane(() => catalogue.getPrompt(params.name, params.arguments, contextOf(ctx))),
  );
  server.setRequestHandler("resources/list", catalogue.listResources);
  server.setRequestHandler("resources/templates/list", catalogue.listResourceTemplates);
  server.setRequestHandler("resources/read", ({ params }, ctx) =>
    inThisLane(() => {
      const { contents, caching } = catalogue.readResource(params.uri, contextOf(ctx));
      return { contents, ...caching };
    }),
  );
  server.setRequestHandler("completion/complete", ({ params }, ctx) =>
    inThisLane(() => catalogue.complete(params.ref, params.argument, contextOf(ctx))),
  );
  return server;
}

const inThisLane = translatingProblems(({ message, uri }) =>
  uri === undefined
    ? new ProtocolError(ProtocolErrorCode.InvalidParams, message)
    : new ResourceNotFoundError(uri, message),
);
