import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { TASKS_EXTENSION } from "../../src/mcp/task-directory.ts";
import { ACCESS_KEY, type World } from "../world.ts";

/** Requests as they are on the wire, for what the clients of the SDKs cannot say or do not show. */

const IDENTITY = { name: "raw-client", version: "1.0.0" };
/** The capabilities of a client that knows the Tasks extension. */
export const TASKS = { extensions: { [TASKS_EXTENSION]: {} } };

const messageSchema = z.looseObject({
  id: z.union([z.string(), z.number()]).nullish(),
  method: z.string().optional(),
  params: z.looseObject({}).optional(),
  result: z.looseObject({}).optional(),
  error: z.looseObject({ code: z.int(), message: z.string() }).optional(),
});
/** A message of JSON-RPC, as much of it as tests look at. */
export type Message = z.infer<typeof messageSchema>;

/** Headers to send; `undefined` leaves one out. */
type HeaderValues = Record<string, string | undefined>;

export interface RawRequest {
  method: string;
  params?: Record<string, unknown>;
  id?: string | number;
  bearer?: string;
  /** What the client declares with this request: the Tasks extension, unless it says otherwise. */
  capabilities?: object;
  /** In place of, or beside, those that the protocol wants; `undefined` leaves one out. */
  headers?: HeaderValues;
}

/** Sends to `/mcp`; a header that is `undefined` is left out. */
const send = (
  world: World,
  method: "GET" | "POST" | "DELETE",
  bearer: string,
  headers: HeaderValues,
  body?: unknown,
): Promise<Response> => {
  const sent = new Headers({ authorization: `Bearer ${bearer}`, "content-type": "application/json" });
  const accept = "application/json, text/event-stream";
  for (const [name, value] of Object.entries({ accept, ...headers }))
    if (value !== undefined) sent.set(name, value);
  return world.fetch("/mcp", {
    method,
    headers: sent,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
};

/** Sends a request of the 2026-07-28 generation, with its envelope and its headers. */
export function sendModern(world: World, asked: RawRequest): Promise<Response> {
  const { method, params = {}, id = 1, bearer = ACCESS_KEY, capabilities = TASKS } = asked;
  const name = [params.taskId, params.name].find((value) => typeof value === "string");
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    "mcp-name": typeof name === "string" ? name : undefined,
    ...asked.headers,
  };
  const { _meta, ...rest } = params;
  const envelope = {
    [PROTOCOL_VERSION_META_KEY]: "2026-07-28",
    [CLIENT_INFO_META_KEY]: IDENTITY,
    [CLIENT_CAPABILITIES_META_KEY]: capabilities,
    ...(typeof _meta === "object" && _meta),
  };
  const body = { jsonrpc: "2.0", id, method, params: { ...rest, _meta: envelope } };
  return send(world, "POST", bearer, headers, body);
}

/** The messages of an answer, as they come: of a stream, or of one JSON document. */
export async function* messagesOf(response: Response): AsyncGenerator<Message> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    for (const message of [z.json().parse(await response.json())].flat()) yield messageSchema.parse(message);
    return;
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const data = frame.split("\n").find((line) => line.startsWith("data: "));
      if (data !== undefined) yield messageSchema.parse(JSON.parse(data.slice("data: ".length)));
    }
  }
}

/** What a request was answered with. */
export interface RawAnswer {
  status: number;
  isStream: boolean;
  result: Record<string, unknown> | undefined;
  error: Message["error"];
  /** The notifications that came before, oldest first. */
  notifications: Message[];
}

/** Reads an answer to its end. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  const messages = await Array.fromAsync(messagesOf(response));
  const last = messages.at(-1);
  return {
    status: response.status,
    isStream: response.headers.get("content-type")?.startsWith("text/event-stream") ?? false,
    result: last?.result,
    error: last?.error,
    notifications: messages.filter(({ method }) => method !== undefined),
  };
}

/** Sends a request of the 2026-07-28 generation, and reads the answer to its end. */
export const askModern = async (world: World, asked: RawRequest): Promise<RawAnswer> =>
  readAnswer(await sendModern(world, asked));

/** A session of the 2025 generation. */
export interface RawSession {
  id: string;
  /** Sends a message, or a batch of them. */
  send(body: object): Promise<Response>;
  /** Sends a request, and reads the answer to its end. */
  ask(method: string, params?: Record<string, unknown>, id?: number): Promise<RawAnswer>;
  /** Takes a request back. */
  cancel(requestId: number): Promise<void>;
  /** Asks for the stream of the session. @param headers in place of the usual ones; `undefined` leaves one out. */
  get(headers?: HeaderValues): Promise<Response>;
  /** Ends the session. */
  end(): Promise<Response>;
}

export async function openSession(
  world: World,
  protocolVersion = "2025-11-25",
  bearer = ACCESS_KEY,
): Promise<RawSession> {
  const post = (headers: HeaderValues, body: object) => send(world, "POST", bearer, headers, body);
  const params = { protocolVersion, capabilities: {}, clientInfo: IDENTITY };
  const opened = await post({}, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  await opened.text();
  const id = opened.headers.get("mcp-session-id") ?? "";
  const session = {
    "mcp-session-id": id,
    // The header came with 2025-06-18.
    "mcp-protocol-version": protocolVersion >= "2025-06-18" ? protocolVersion : undefined,
  };
  const say = (body: object) => post(session, { jsonrpc: "2.0", ...body });
  await say({ method: "notifications/initialized" });
  return {
    id,
    send: (body) => post(session, body),
    ask: async (method, params = {}, requestId = 1) =>
      readAnswer(await say({ id: requestId, method, params })),
    async cancel(requestId) {
      const answer = await say({ method: "notifications/cancelled", params: { requestId } });
      await answer.body?.cancel();
    },
    get: (headers = {}) =>
      send(world, "GET", bearer, { ...session, accept: "text/event-stream", ...headers }),
    end: () => send(world, "DELETE", bearer, session),
  };
}
