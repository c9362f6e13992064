import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { TASKS_EXTENSION } from "../../src/mcp/task-directory.ts";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";

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

export interface RawRequest {
  method: string;
  params?: Record<string, unknown>;
  id?: string | number;
  bearer?: string;
  /** What the client declares with this request: the Tasks extension, unless it says otherwise. */
  capabilities?: object;
  /** In place of, or beside, those that the protocol wants; `undefined` leaves one out. */
  headers?: Record<string, string | undefined>;
}

/** A request to `/mcp`, and what is in it. */
interface Post {
  request: Request;
  body: unknown;
}

function toPost(bearer: string, headers: Record<string, string | undefined>, body: unknown): Post {
  const sent = new Headers({
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  });
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent.set(name, value);
  const init = { method: "POST", headers: sent, body: JSON.stringify(body) };
  return { request: new Request(new URL("/mcp", ORIGIN), init), body };
}

/** A request of the 2026-07-28 generation, with its envelope and its headers. */
function toModern(asked: RawRequest): Post {
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
  return toPost(bearer, headers, { jsonrpc: "2.0", id, method, params: { ...rest, _meta: envelope } });
}

/** Sends a request of the 2026-07-28 generation. */
export const sendModern = (world: World, asked: RawRequest): Promise<Response> =>
  world.fetch(toModern(asked).request);

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
  /** Sends a message, or a batch of them. */
  send(body: object): Promise<Response>;
  /** Sends a request, and reads the answer to its end. */
  ask(method: string, params?: Record<string, unknown>, id?: number): Promise<RawAnswer>;
  /** Takes a request back. */
  cancel(requestId: number): Promise<void>;
  /** Ends the session. */
  end(): Promise<Response>;
}

export async function openSession(
  world: World,
  protocolVersion = "2025-11-25",
  bearer = ACCESS_KEY,
): Promise<RawSession> {
  const post = (headers: Record<string, string | undefined>, body: object) =>
    world.fetch(toPost(bearer, headers, body).request);
  const params = { protocolVersion, capabilities: {}, clientInfo: IDENTITY };
  const opened = await post({}, { jsonrpc: "2.0", id: 0, method: "initialize", params });
  await opened.text();
  const headers = {
    "mcp-session-id": opened.headers.get("mcp-session-id") ?? "",
    // The header came with 2025-06-18.
    "mcp-protocol-version": protocolVersion >= "2025-06-18" ? protocolVersion : undefined,
  };
  const send = (body: object) => post(headers, body);
  await send({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    send,
    ask: async (method, params = {}, id = 1) =>
      readAnswer(await send({ jsonrpc: "2.0", id, method, params })),
    async cancel(requestId) {
      const answer = await send({
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId },
      });
      await answer.body?.cancel();
    },
    end: () =>
      world.fetch("/mcp", {
        method: "DELETE",
        headers: { authorization: `Bearer ${bearer}`, "mcp-session-id": headers["mcp-session-id"] },
      }),
  };
}
