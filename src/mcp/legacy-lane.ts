import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { RequestHandlerExtra } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  isInitializeRequest,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { WorkerTransport } from "agents/mcp";
import { z } from "zod";
import type { CallerContext, ToolContext } from "../tools/define-tool.ts";
import { cancellationsIn, OpenRequests, type RequestId } from "./cancellation.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Lane } from "./lane.ts";
import { ProtocolProblem, translatingProblems } from "./problem.ts";
import { progressTo } from "./progress.ts";
import { subscribable } from "./resource-methods.ts";
import type { SessionState, SessionStore } from "./session-store.ts";
import { MAX_SUBSCRIPTIONS, type SubscriptionStore } from "./subscription-store.ts";

/** Servers of sessions kept in memory; the others are rebuilt from their rows when they are used. */
const MAX_LIVE = 32;
/** The code that the Language Server Protocol has for it; MCP names none, since nobody waits for the answer. */
const REQUEST_CANCELLED = -32800;
/** 2025-11-25, "Resources": the code of that generation for a resource that does not exist. */
const RESOURCE_NOT_FOUND = -32002;

/** A session in memory. */
interface Session {
  /** Answers with one JSON document, which is a tenth cheaper than a stream of one event. */
  transport: SessionTransport;
  /** Answers with a stream, for calls that want to hear how far they are; there once one does. */
  streaming?: Promise<SessionTransport>;
  requests: OpenRequests;
}

/** Tells which requests were answered: the SDK's transport does not. */
class SessionTransport extends WorkerTransport {
  onanswered?: (id: RequestId) => void;

  override async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if ("id" in message && message.id !== undefined && !("method" in message)) this.onanswered?.(message.id);
    await super.send(message, options);
  }
}

/**
 * The 2025-era lane (2025-03-26 to 2025-11-25): sessions, from `@modelcontextprotocol/sdk`. A transport is one
 * session; whether a session exists is decided by its row, before any transport is made for it.
 * @param arm called when a session is kept: somebody has to end it one day.
 */
export function createLegacyLane(
  catalogue: Catalogue,
  sessions: SessionStore,
  subscriptions: SubscriptionStore,
  arm: () => Promise<void>,
): Lane {
  const live = new Map<string, Session>();

  const connect = async (
    state: SessionState | undefined,
    context: CallerContext,
    requests: OpenRequests,
    enableJsonResponse: boolean,
  ): Promise<SessionTransport> => {
    const transport: SessionTransport = new SessionTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      enableJsonResponse,
      storage: {
        get: () => state,
        set: async (saved) => {
          if (saved.sessionId === undefined) return;
          for (const over of sessions.save(saved.sessionId, saved)) live.delete(over);
          await arm();
        },
      },
      onsessionclosed: async (sessionId) => {
        // The transport's storage cannot delete: without this a closed session would rise again after eviction.
        sessions.end(sessionId);
        const ended = live.get(sessionId);
        live.delete(sessionId);
        // What is closed answers nothing any more, and so the calls that wait would stay open for ever.
        await requests.endAll();
        await (await ended?.streaming)?.close();
      },
    });
    transport.onanswered = (id) => requests.answered(id);
    await buildServer(catalogue, subscriptions, context).connect(transport);
    return transport;
  };

  /**
   * Puts the session unused for longest out of memory, if there are too many. One with open calls stays: only there can
   * they be cancelled.
   */
  const keep = (sessionId: string, session: Session) => {
    live.delete(sessionId);
    live.set(sessionId, session);
    if (live.size <= MAX_LIVE) return;
    const idle = [...live].find(([id, { requests }]) => id !== sessionId && !requests.isBusy);
    if (idle !== undefined) live.delete(idle[0]);
  };

  const sessionOf = async (sessionId: string, context: CallerContext): Promise<Session> => {
    const known = live.get(sessionId);
    if (known !== undefined) return known;
    const requests = new OpenRequests();
    return { transport: await connect(sessions.state(sessionId), context, requests, true), requests };
  };

  /** @returns what answers a request without a session: one that opens it, or one that the SDK refuses. */
  const unbegun = async (context: CallerContext): Promise<Session> => {
    const requests = new OpenRequests();
    return { transport: await connect(undefined, context, requests, true), requests };
  };

  return {
    async serve({ request, body: sent }, context) {
      const body = withoutTasks(sent);
      const sessionId = request.headers.get("mcp-session-id");
      if (sessionId === null) {
        const opened = await unbegun(context);
        const response = await opened.transport.handleRequest(request, { parsedBody: body });
        const { sessionId: given } = opened.transport;
        if (isInitialize(body) && given !== undefined) keep(given, opened);
        return response;
      }
      if (!sessions.use(sessionId)) return sessionNotFound();
      const session = await sessionOf(sessionId, context);
      keep(sessionId, session);
      const { requests } = session;
      if (wantsProgress(body))
        session.streaming ??= connect(sessions.state(sessionId), context, requests, false);
      const streaming = await session.streaming;
      const transport = (wantsProgress(body) && streaming) || session.transport;
      const exchange = async () => {
        // Each transport has a server of its own, and only the one that runs a call can stop it.
        const cancellations = cancellationsIn(body);
        if (streaming !== undefined && cancellations.length > 0)
          await streaming.handleRequest(request, { parsedBody: cancellations });
        return transport.handleRequest(request, { parsedBody: body });
      };
      const error = { code: REQUEST_CANCELLED, message: "Request cancelled" };
      // The SDK throws when the client has left the stream that the answer would go to.
      return requests.follow(body, exchange, (id) =>
        transport.send({ jsonrpc: "2.0", id, error }).catch(() => undefined),
      );
    },

    async open({ request }, context) {
      const sessionId = request.headers.get("mcp-session-id");
      if (sessionId !== null && !sessions.use(sessionId)) return sessionNotFound();
      const { transport } = sessionId === null ? await unbegun(context) : await sessionOf(sessionId, context);
      // The SDK checks the request; the stream that it opens is given up at once, since the Worker holds ours.
      const answer = await transport.handleRequest(request);
      if (sessionId === null || answer.status !== 200) return answer;
      await answer.body?.cancel();
      return { holder: sessionId, topics: [], acknowledged: {} };
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

const progressTokenSchema = z.looseObject({
  method: z.literal("tools/call"),
  params: z.looseObject({ _meta: z.looseObject({ progressToken: z.union([z.string(), z.number()]) }) }),
});
/** Whether a call, or one of a batch, is to say how far it is, which takes a stream. */
const wantsProgress = (body: unknown): boolean =>
  [body].flat().some((message) => progressTokenSchema.safeParse(message).success);

const taskSchema = z.looseObject({ params: z.looseObject({ task: z.unknown() }) });
/**
 * 2025-11-25, "Task Support and Handling": who does not declare tasks has to take no notice of a wish for one. The
 * SDK refuses the call.
 */
function withoutTasks(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(withoutTasks);
  const augmented = taskSchema.safeParse(body);
  if (!augmented.success) return body;
  const { task: _, ...params } = augmented.data.params;
  return { ...augmented.data, params };
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function contextOf(context: CallerContext, { signal, _meta, sendNotification }: Extra): ToolContext {
  return {
    ...context,
    signal,
    followsTasks: false,
    onProgress: progressTo(_meta?.progressToken, sendNotification),
  };
}

function buildServer(catalogue: Catalogue, subscriptions: SubscriptionStore, base: CallerContext): Server {
  const server = new Server(catalogue.serverInfo, {
    capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} },
    instructions: catalogue.instructions,
    // The default compiles schemas with `new Function`, which Workers refuse.
    jsonSchemaValidator: new CfWorkerJsonSchemaValidator(),
  });
  server.setRequestHandler(ListToolsRequestSchema, catalogue.listTools);
  server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) =>
    inThisLane(async () => (await catalogue.callTool(params, contextOf(base, extra))).result),
  );
  server.setRequestHandler(ListPromptsRequestSchema, catalogue.listPrompts);
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) =>
    inThisLane(() => catalogue.getPrompt(params.name, params.arguments, base)),
  );
  server.setRequestHandler(ListResourcesRequestSchema, catalogue.listResources);
  server.setRequestHandler(ListResourceTemplatesRequestSchema, catalogue.listResourceTemplates);
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) =>
    inThisLane(() => ({ contents: catalogue.readResource(params.uri, base).contents })),
  );
  server.setRequestHandler(CompleteRequestSchema, ({ params }) =>
    inThisLane(() => catalogue.complete(params.ref, params.argument, base)),
  );
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }, { sessionId }) =>
    inThisLane(() => {
      const kind = subscribable(uri, base);
      if (kind === "unknown") throw new ProtocolProblem("resource_not_found", "Resource not found", uri);
      // What never changes, or is not ours, is never announced, and needs no row.
      if (kind !== "changing" || sessionId === undefined) return {};
      const topics = subscriptions.topicsOf(sessionId);
      if (topics.length >= MAX_SUBSCRIPTIONS && !topics.includes(uri))
        throw new ProtocolProblem(
          "invalid_params",
          `A session takes at most ${MAX_SUBSCRIPTIONS} subscriptions: unsubscribe from finished tasks`,
        );
      subscriptions.add(sessionId, uri);
      return {};
    }),
  );
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }, { sessionId }) => {
    if (sessionId !== undefined) subscriptions.remove(sessionId, uri);
    return {};
  });
  return server;
}

const inThisLane = translatingProblems(({ message, uri }) =>
  uri === undefined
    ? new McpError(ErrorCode.InvalidParams, message)
    : new McpError(RESOURCE_NOT_FOUND, message, { uri }),
);
