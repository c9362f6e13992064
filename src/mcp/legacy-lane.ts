import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  isInitializeRequest,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { WorkerTransport } from "agents/mcp";
import type { ToolContext } from "../tools/define-tool.ts";
import { OpenRequests } from "./cancellation.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Lane } from "./lane.ts";
import { translatingProblems } from "./problem.ts";
import type { SessionState, SessionStore } from "./session-store.ts";

/** Servers of sessions kept in memory; the others are rebuilt from their rows when they are used. */
const MAX_LIVE = 32;
/** The code that the Language Server Protocol has for it; MCP names none, since nobody waits for the answer. */
const REQUEST_CANCELLED = -32800;
/** 2025-11-25, "Resources": the code of that generation for a resource that does not exist. */
const RESOURCE_NOT_FOUND = -32002;

/** A session in memory. */
interface Session {
  transport: WorkerTransport;
  requests: OpenRequests;
}

/**
 * The 2025-era lane (2025-03-26 to 2025-11-25): sessions, from `@modelcontextprotocol/sdk`. A transport is one
 * session; whether a session exists is decided by its row, before any transport is made for it.
 */
export function createLegacyLane(catalogue: Catalogue, sessions: SessionStore): Lane {
  const live = new Map<string, Session>();

  const connect = async (
    state: SessionState | undefined,
    context: Omit<ToolContext, "signal">,
  ): Promise<Session> => {
    const transport: WorkerTransport = new WorkerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      // Nothing is said before a result yet, so an answer need not be a stream of one event: JSON is a tenth cheaper.
      enableJsonResponse: true,
      storage: {
        get: () => state,
        set: (saved) => {
          if (saved.sessionId === undefined) return;
          for (const over of sessions.save(saved.sessionId, saved)) live.delete(over);
        },
      },
      // The transport's storage cannot delete: without this a closed session would rise again after eviction.
      onsessionclosed: (sessionId) => {
        sessions.end(sessionId);
        live.delete(sessionId);
      },
    });
    await buildServer(catalogue, context).connect(transport);
    return { transport, requests: new OpenRequests() };
  };

  /** Puts the session unused for longest out of memory, if there are too many. A call of it that waits still ends. */
  const keep = (sessionId: string, session: Session) => {
    live.delete(sessionId);
    live.set(sessionId, session);
    const [oldest] = live.keys();
    if (live.size > MAX_LIVE && oldest !== undefined) live.delete(oldest);
  };

  return {
    async serve({ request, body }, context) {
      // No stream to open yet; the specification then wants 405 (2025-11-25, "Listening for Messages").
      if (request.method === "GET")
        return new Response(null, { status: 405, headers: { allow: "POST, DELETE" } });
      const sessionId = request.headers.get("mcp-session-id");
      if (sessionId === null) {
        const opened = await connect(undefined, context);
        const response = await opened.transport.handleRequest(request, { parsedBody: body });
        const { sessionId: given } = opened.transport;
        if (isInitialize(body) && given !== undefined) keep(given, opened);
        return response;
      }
      if (!sessions.use(sessionId)) return sessionNotFound();
      const session = live.get(sessionId) ?? (await connect(sessions.state(sessionId), context));
      keep(sessionId, session);
      const { transport, requests } = session;
      return requests.follow(
        body,
        () => transport.handleRequest(request, { parsedBody: body }),
        (id) =>
          transport.send({
            jsonrpc: "2.0",
            id,
            error: { code: REQUEST_CANCELLED, message: "Request cancelled" },
          }),
      );
    },
  };
}

const isInitialize = (body: unknown): boolean =>
  Array.isArray(body) ? body.some((message) => isInitializeRequest(message)) : isInitializeRequest(body);

/** 2025-11-25, "Session Management": 404 tells the client to open a new session. */
const sessionNotFound = (): Response =>
  Response.json(
    { jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } },
    { status: 404 },
  );

function buildServer(catalogue: Catalogue, base: Omit<ToolContext, "signal">): Server {
  const server = new Server(catalogue.serverInfo, {
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
    instructions: catalogue.instructions,
    // The default compiles schemas with `new Function`, which Workers refuse.
    jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
  });
  const contextOf = ({ signal }: { signal: AbortSignal }): ToolContext => ({ ...base, signal });
  server.setRequestHandler(ListToolsRequestSchema, catalogue.listTools);
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    inThisLane(() => catalogue.callTool(params, contextOf(extra))),
  );
  server.setRequestHandler(ListPromptsRequestSchema, catalogue.listPrompts);
  server.setRequestHandler(GetPromptRequestSchema, ({ params }, extra) =>
    inThisLane(() => catalogue.getPrompt(params.name, params.arguments, contextOf(extra))),
  );
  server.setRequestHandler(ListResourcesRequestSchema, catalogue.listResources);
  server.setRequestHandler(ListResourceTemplatesRequestSchema, catalogue.listResourceTemplates);
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }, extra) =>
    inThisLane(() => ({ contents: catalogue.readResource(params.uri, contextOf(extra)).contents })),
  );
  server.setRequestHandler(CompleteRequestSchema, ({ params }, extra) =>
    inThisLane(() => catalogue.complete(params.ref, params.argument, contextOf(extra))),
  );
  return server;
}

const inThisLane = translatingProblems(({ message, uri }) =>
  uri === undefined
    ? new McpError(ErrorCode.InvalidParams, message)
    : new McpError(RESOURCE_NOT_FOUND, message, { uri }),
);
