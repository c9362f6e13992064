import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  createApplicationInputHandler,
  createTaskSessionFromClient,
  type DispatchContext,
  type RawClientDispatch,
  type TaskEnabledSession,
} from "@modelcontextprotocol/ext-tasks/client";
import { z } from "zod";
import { IDENTITY, type RealClient } from "./sdk-clients.ts";
import { AUTHORIZATION } from "./server.ts";
import { readToolResult } from "./tool-result.ts";

const PROTOCOL_VERSION = "2026-07-28";
const EXTENSION = "io.modelcontextprotocol/tasks";

const requestSchema = z.looseObject({
  method: z.string(),
  params: z.looseObject({ name: z.string().optional(), taskId: z.string().optional() }),
});
const answerSchema = z.union([
  z.object({ result: z.json() }),
  z.object({ error: z.object({ code: z.int(), message: z.string(), data: z.json().exactOptional() }) }),
]);

/** The reference client of the Tasks extension. */
export interface TasksClient extends RealClient {
  /** Calls tools, and follows their tasks. */
  readonly session: TaskEnabledSession;
  /** The methods that it sent for this, in their order. */
  readonly sent: readonly string[];
  /** The states of tasks that it was told of, in the order of the news. */
  readonly news: readonly { taskId: string; status: string }[];
  /** Listens for news of a task, which spare the client its polls. */
  listenTo(taskId: string): Promise<void>;
}

const newsSchema = z.looseObject({
  method: z.literal("notifications/tasks"),
  params: z.looseObject({ taskId: z.string(), status: z.string() }),
});

/**
 * The reference client of the Tasks extension. It brings everything but the connection: the SDK cannot read what a
 * call answers that became a task, so those requests go out as they are.
 * @param answers what holds back the answers to its questions, which agree to everything.
 */
export async function connectTasksClient(mcpUrl: URL, answers?: Promise<void>): Promise<TasksClient> {
  // In every request of the SDK too: a stream with news of tasks is only for who declares the extension.
  const client = new Client(IDENTITY, {
    versionNegotiation: { mode: "auto" },
    capabilities: { extensions: { [EXTENSION]: {} } },
  });
  const news: TasksClient["news"][number][] = [];
  client.fallbackNotificationHandler = async (notification) => {
    const { taskId, status } = newsSchema.parse(notification).params;
    news.push({ taskId, status });
  };
  await client.connect(
    new StreamableHTTPClientTransport(mcpUrl, { requestInit: { headers: AUTHORIZATION } }),
  );
  const sent: string[] = [];
  const rawDispatch: RawClientDispatch = async (request, options) => {
    const { method, params } = requestSchema.parse(request);
    sent.push(method);
    const response = await fetch(mcpUrl, {
      method: "POST",
      headers: headersOf(method, params.taskId ?? params.name, options?.context),
      body: JSON.stringify({ jsonrpc: "2.0", id: sent.length, method, params }),
      ...(options?.signal !== undefined && { signal: options.signal }),
    });
    const answer = answerSchema.parse(await response.json());
    return "result" in answer
      ? { kind: "result", result: answer.result }
      : { kind: "error", error: answer.error };
  };
  const session = createTaskSessionFromClient(client, {
    endpointId: mcpUrl.href,
    rawDispatch,
    v2RequestFraming: {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: IDENTITY,
      clientCapabilities: { elicitation: {} },
    },
    onInputRequest: createApplicationInputHandler({
      async elicitation() {
        await answers;
        return { action: "accept", content: { name: "Alice", user_name: "Alice", confirm: "yes" } };
      },
      sampling: () => Promise.reject(new Error("There is no model to ask.")),
      roots: () => ({ roots: [] }),
    }),
  });
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    session,
    sent,
    news,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async callTool(name, args) {
      const execution = await session.callTool(name, z.record(z.string(), z.json()).parse(args));
      const { outcome } = await execution.settle();
      // The client speaks of its own connection in the same way.
      if (outcome.status === "failed") throw new Error(`${name} failed: ${outcome.error.message}`);
      if (outcome.status !== "completed") throw new Error(`The task ${name} ended as ${outcome.status}`);
      return readToolResult(outcome.result);
    },
    async listenTo(taskId) {
      // The SDK's type knows nothing of tasks; what it is given, it sends.
      const filter = { taskIds: [taskId], resourceSubscriptions: [] };
      await client.listen(filter);
    },
    async close() {
      await session.close();
      await client.close();
    },
  };
}

function headersOf(method: string, name: string | undefined, context: DispatchContext | undefined): Headers {
  const headers = new Headers({
    ...AUTHORIZATION,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": PROTOCOL_VERSION,
    "mcp-method": method,
  });
  if (name !== undefined) headers.set("mcp-name", name);
  for (const [key, value] of Object.entries(context?.headers ?? {})) headers.set(key, value);
  return headers;
}
