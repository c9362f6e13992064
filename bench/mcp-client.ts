import { z } from "zod";
import { ACCESS_KEY } from "./deployments.ts";
import type { Connection, HttpAnswer, PreparedRequest } from "./http-client.ts";

const IDENTITY = { name: "veo-bench", version: "1.0.0" };
const headersFor = (bearer: string) => ({
  authorization: `Bearer ${bearer}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
});

/** The requests of one client of one protocol generation. */
export interface McpClient {
  readonly lane: LaneName;
  /** Those of every request; with them, and without a body, a GET opens the stream of a session. */
  readonly headers: Headers;
  /** @param name what the request is about, which the 2026 generation repeats in a header. */
  request(method: string, params: Record<string, unknown>, name?: string): PreparedRequest;
  listTools(): PreparedRequest;
  callTool(name: string, args: Record<string, unknown>): PreparedRequest;
}
export const LANE_NAMES = ["2025-11-25", "2026-07-28"] as const;
export type LaneName = (typeof LANE_NAMES)[number];

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

export interface ClientOptions {
  /** The access key, an access token, or an upstream key; the owner's access key when left out. */
  readonly bearer?: string;
  /** Whether it knows the Tasks extension, which only the 2026 generation has. */
  readonly knowsTasks?: boolean;
}

/** Opens a client: a session in the 2025 generation, nothing at all in that of 2026. */
export function openClient(
  lane: LaneName,
  connection: Connection,
  mcpUrl: string,
  { bearer = ACCESS_KEY, knowsTasks = false }: ClientOptions = {},
): Promise<McpClient> {
  const headers = headersFor(bearer);
  return lane === "2025-11-25"
    ? openSession(connection, mcpUrl, headers)
    : Promise.resolve(statelessClient(headers, knowsTasks));
}

// Ids are never repeated: within a session the 2025 transport finds the request of an answer by its id.
let latestId = 0;
const jsonRpc = (method: string, params: object): string => {
  latestId += 1;
  return JSON.stringify({ jsonrpc: "2.0", id: latestId, method, params });
};

type Headers = Readonly<Record<string, string>>;

async function openSession(connection: Connection, mcpUrl: string, common: Headers): Promise<McpClient> {
  const version = "2025-11-25";
  const opened = await connection.post(mcpUrl, {
    headers: common,
    body: jsonRpc("initialize", { protocolVersion: version, capabilities: {}, clientInfo: IDENTITY }),
  });
  const sessionId = z.string().parse(opened.headers["mcp-session-id"]);
  const headers = { ...common, "mcp-session-id": sessionId, "mcp-protocol-version": version };
  const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
  await connection.post(mcpUrl, { headers, body: JSON.stringify(initialized) });
  return clientOf(version, headers, (method, params) => ({ headers, body: jsonRpc(method, params) }));
}

function statelessClient(common: Headers, knowsTasks: boolean): McpClient {
  const version = "2026-07-28";
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientInfo": IDENTITY,
    "io.modelcontextprotocol/clientCapabilities": knowsTasks ? { extensions: { [TASKS_EXTENSION]: {} } } : {},
  };
  const headers = { ...common, "mcp-protocol-version": version };
  return clientOf(version, headers, (method, params, name) => ({
    headers: { ...headers, "mcp-method": method, ...(name !== undefined && { "mcp-name": name }) },
    body: jsonRpc(method, { ...params, _meta }),
  }));
}

const clientOf = (lane: LaneName, headers: Headers, request: McpClient["request"]): McpClient => ({
  lane,
  headers,
  request,
  listTools: () => request("tools/list", {}),
  callTool: (name, args) => request("tools/call", { name, arguments: args }, name),
});

const answerSchema = z.object({ result: z.record(z.string(), z.unknown()) });
const toolAnswerSchema = z.object({
  isError: z.literal(false).optional(),
  structuredContent: z.record(z.string(), z.unknown()),
});

/** @returns the result in an answer, which may be JSON or one server-sent event. Anything else is an error. */
export function resultOf({ status, headers, body }: HttpAnswer): Record<string, unknown> {
  const isEvents = headers["content-type"]?.startsWith("text/event-stream") ?? false;
  const text = isEvents ? (/^data: (.+)$/m.exec(body)?.[1] ?? "") : body;
  const answer = answerSchema.safeParse(parseJson(text));
  if (status !== 200 || !answer.success) throw new Error(`status ${status}: ${body.slice(0, 500)}`);
  return answer.data.result;
}

/** @returns what a tool answered in its structured content; a tool's error is an error here. */
export function toolAnswerOf(answer: HttpAnswer): Record<string, unknown> {
  const result = toolAnswerSchema.safeParse(resultOf(answer));
  if (!result.success) throw new Error(`the tool failed: ${answer.body.slice(0, 500)}`);
  return result.data.structuredContent;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
