import {
  createMcpHandler,
  type McpHttpHandler,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Log } from "../log.ts";
import type { CallerContext, ToolContext } from "../tools/define-tool.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Lane } from "./lane.ts";
import { openListen } from "./listen.ts";
import { translatingProblems } from "./problem.ts";
import { progressTo } from "./progress.ts";
import { STATIC_CACHING } from "./resource-methods.ts";
import {
  createTaskResult,
  declaresTasks,
  isTerminal,
  TASKS_EXTENSION,
  type TaskDirectory,
  tasksUndeclared,
} from "./task-directory.ts";
import { taskMethods } from "./task-methods.ts";

/**
 * The 2026-07-28 lane: stateless, a server per request, from `@modelcontextprotocol/server`. The methods are set
 * on the server directly: registering thirteen tools for every request would convert their schemas every time.
 */
export function createModernLane(catalogue: Catalogue, tasks: TaskDirectory, log: Log): Lane {
  const onerror = (error: Error) => log("debug", "mcp_request_refused", { error: error.name });
  // A handler serves one context; an account has one or two: as many as it has kinds of callers.
  const handlers = new WeakMap<CallerContext, McpHttpHandler>();
  return {
    async serve({ request, body }, context) {
      const handler =
        handlers.get(context) ??
        createMcpHandler(() => buildServer(catalogue, tasks, context), { legacy: "reject", onerror });
      handlers.set(context, handler);
      // The SDK refuses a request whose header says another method than its body.
      const isUpdate = request.headers.get("mcp-method") === "tasks/update";
      return handler.fetch(request, { parsedBody: isUpdate ? withoutMalformedResponses(body) : body });
    },
    open: async ({ body }, context) => openListen(body, tasks, context),
  };
}

const malformedUpdateSchema = z.looseObject({
  method: z.literal("tasks/update"),
  params: z.looseObject({
    inputResponses: z
      .unknown()
      .refine((responses) => !z.record(z.string(), z.unknown()).safeParse(responses).success),
  }),
});

/**
 * The SDK takes `inputResponses` out of every request, and makes an empty object of what is not one. Left out, it is
 * refused where a task is updated, after all that the SDK checks first.
 */
function withoutMalformedResponses(body: unknown): unknown {
  const update = malformedUpdateSchema.safeParse(body);
  if (!update.success) return body;
  const { inputResponses: _, ...params } = update.data.params;
  return { ...update.data, params };
}

function contextOf(context: CallerContext, ctx: ServerContext): ToolContext {
  const { signal, _meta, notify, envelope } = ctx.mcpReq;
  return {
    ...context,
    signal,
    followsTasks: declaresTasks(envelope),
    onProgress: progressTo(_meta?.progressToken, notify),
  };
}

function buildServer(catalogue: Catalogue, tasks: TaskDirectory, base: CallerContext): Server {
  const server = new Server(catalogue.serverInfo, {
    capabilities: {
      tools: {},
      prompts: {},
      resources: { subscribe: true },
      completions: {},
      extensions: { [TASKS_EXTENSION]: {} },
    },
    instructions: catalogue.instructions,
    cacheHints: {
      "server/discover": STATIC_CACHING,
      "tools/list": STATIC_CACHING,
      "prompts/list": STATIC_CACHING,
      "resources/list": STATIC_CACHING,
      "resources/templates/list": STATIC_CACHING,
    },
  });
  server.setRequestHandler("tools/list", catalogue.listTools);
  server.setRequestHandler("tools/call", ({ params }, ctx) =>
    inThisLane(async () => {
      const context = contextOf(base, ctx);
      const { result, taskId } = await catalogue.callTool(params, context);
      const view = taskId !== undefined && context.followsTasks ? tasks.peek(taskId) : undefined;
      // What is over is answered: a task would only make the client ask once more, or hide that a video goes on.
      return view === undefined || isTerminal(view) ? result : createTaskResult(view);
    }),
  );
  server.setRequestHandler("prompts/list", catalogue.listPrompts);
  server.setRequestHandler("prompts/get", ({ params }) =>
    inThisLane(() => catalogue.getPrompt(params.name, params.arguments, base)),
  );
  server.setRequestHandler("resources/list", catalogue.listResources);
  server.setRequestHandler("resources/templates/list", catalogue.listResourceTemplates);
  server.setRequestHandler("resources/read", ({ params }) =>
    inThisLane(() => {
      const { contents, caching } = catalogue.readResource(params.uri, base);
      return { contents, ...caching };
    }),
  );
  server.setRequestHandler("completion/complete", ({ params }) =>
    inThisLane(() => catalogue.complete(params.ref, params.argument, base)),
  );
  setTaskHandlers(server, tasks);
  return server;
}

/** Anything: whoever does not declare the extension is told so, whatever else is wrong. */
const taskSchemas = { params: z.looseObject({}), result: z.looseObject({}) };

/** The methods of the Tasks extension, for requests that declare it; the SDK knows none of them. */
function setTaskHandlers(server: Server, tasks: TaskDirectory): void {
  const methods = taskMethods(tasks);
  const on = (
    method: string,
    answer: (taskId: unknown, ctx: ServerContext) => Promise<Record<string, unknown>>,
  ) =>
    server.setRequestHandler(method, taskSchemas, ({ taskId }, ctx) => {
      if (!declaresTasks(ctx.mcpReq.envelope)) throw tasksUndeclared();
      return inThisLane(() => answer(taskId, ctx));
    });
  on("tasks/get", (taskId) => methods.get(taskId));
  on("tasks/cancel", (taskId) => methods.cancel(taskId));
  on("tasks/update", (taskId, { mcpReq: { inputResponses } }) => methods.update(taskId, inputResponses));
}

const inThisLane = translatingProblems(({ message, uri }) =>
  uri === undefined
    ? new ProtocolError(ProtocolErrorCode.InvalidParams, message)
    : new ResourceNotFoundError(uri, message),
);
