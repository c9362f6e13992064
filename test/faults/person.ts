import { env } from "cloudflare:workers";
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Caller } from "../../src/agent/caller.ts";
import { readSettings } from "../../src/agent/settings.ts";
import { serveCaller } from "../../src/http/mcp-endpoint.ts";
import { TASKS_EXTENSION } from "../../src/mcp/task-directory.ts";
import type { StreamMessage } from "../mcp/event-reader.ts";
import { ORIGIN, type World } from "../world.ts";
import { EventStream } from "./event-stream.ts";

/** A client tries something that is safe to repeat this often: objects die at most twice in a run. */
const ATTEMPTS = 4;
const MODERN = "2026-07-28";
const LEGACY = "2025-11-25";
const CLIENT = { name: "test-client", version: "1" };
const META = {
  [PROTOCOL_VERSION_META_KEY]: MODERN,
  [CLIENT_INFO_META_KEY]: CLIENT,
  [CLIENT_CAPABILITIES_META_KEY]: { extensions: { [TASKS_EXTENSION]: {} } },
};

const ACCEPT_BOTH = {
  accept: "application/json, text/event-stream",
  "content-type": "application/json",
};

interface Outgoing {
  method: string;
  params?: object;
}

export type Lane = "modern" | "legacy";

const answerSchema = z.looseObject({ result: z.looseObject({}).optional(), error: z.unknown().optional() });
/** What a paid tool answers: a task of the extension's, a task in words, or an error that names the submission. */
const orderedSchema = z.looseObject({
  taskId: z.string().optional(),
  structuredContent: z.looseObject({ submission_id: z.string() }).optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
});
const listedSchema = z.looseObject({
  structuredContent: z.looseObject({
    tasks: z.array(z.looseObject({ submission_id: z.string(), state: z.string() })),
  }),
});
const changedSchema = z.looseObject({
  method: z.literal("notifications/tasks"),
  params: z.looseObject({ taskId: z.string(), status: z.string() }),
});
const updatedSchema = z.looseObject({
  method: z.literal("notifications/resources/updated"),
  params: z.looseObject({ uri: z.string() }),
});

/**
 * Somebody who orders videos and waits for them, with a client of each generation. The clients do what clients do when
 * a connection breaks: they repeat what is safe to repeat, and open their streams again.
 */
export class Person {
  readonly caller: Caller;
  /** Tasks whose end the person waits for. */
  readonly followed = new Set<string>();
  /** What the extension's stream said of tasks that are over. */
  readonly heardEnd = new Map<string, string>();
  /** When the session's stream last said that a task changed, in the world's time. */
  readonly heardChangeAtMs = new Map<string, number>();
  /** The states that tasks were in when the session had just been subscribed to them. */
  readonly stateWhenFollowed = new Map<string, string>();
  readonly #world: World;
  #sessionId: string | undefined;
  #modern: EventStream | undefined;
  #legacy: EventStream | undefined;
  #listenedTo: readonly string[] = [];

  constructor(world: World, caller: Caller) {
    this.#world = world;
    this.caller = caller;
  }

  /**
   * Orders a video. Without a key it is ordered once, whatever becomes of the connection; with one, until there is
   * an answer.
   */
  async order(lane: Lane, prompt: string, idempotencyKey?: string, options: object = {}): Promise<void> {
    const key = idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey };
    const args = { prompt, ...key, ...options };
    for (let attempt = 0; attempt < (idempotencyKey === undefined ? 1 : ATTEMPTS); attempt += 1) {
      const answer = await this.#callTool(lane, "veo_text_to_video", args);
      if (answer === undefined) continue;
      const { taskId, structuredContent, content = [] } = orderedSchema.parse(answer);
      const named = /sub_[0-9a-f]{32}/.exec(content[0]?.text ?? "")?.[0];
      const submissionId = taskId ?? structuredContent?.submission_id ?? named;
      if (submissionId !== undefined) this.followed.add(submissionId);
      return;
    }
  }

  /** Asks for a tool's answer until there is one. */
  async ask(lane: Lane, tool: string, args: object = {}): Promise<unknown> {
    return this.#persist(() => this.#callTool(lane, tool, args));
  }

  /** Follows everything that the ledger has, as a client does that was cut off. */
  async followAll(): Promise<void> {
    for (const { submission_id } of await this.#list()) this.followed.add(submission_id);
    await this.keepUp();
  }

  /** Opens what streams are closed, and subscribes to what is not subscribed to. */
  async keepUp(): Promise<void> {
    await this.#openSession();
    await this.#subscribe([...this.followed].filter((followed) => !this.stateWhenFollowed.has(followed)));
    if (this.#modern?.isOpen !== true || this.#listenedTo.length < this.followed.size) await this.#listen();
  }

  /** Begins anew, as somebody does who comes back after months and finds the session gone. */
  async comeBack(): Promise<void> {
    await this.leave();
    this.#sessionId = undefined;
    this.followed.clear();
    this.stateWhenFollowed.clear();
    this.heardEnd.clear();
  }

  /** What the extension's stream is about, while it is open. */
  get listensTo(): readonly string[] {
    return this.#modern?.isOpen === true ? this.#listenedTo : [];
  }

  async leave(): Promise<void> {
    await Promise.all([this.#modern?.leave(), this.#legacy?.leave()]);
  }

  async #openSession(): Promise<void> {
    if (this.#sessionId === undefined) {
      const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT };
      const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params };
      const opened = await this.#persist(() => this.#send("legacy", initialize));
      await opened.text();
      this.#sessionId = opened.headers.get("mcp-session-id") ?? undefined;
      const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
      await this.#persist(() => this.#send("legacy", initialized));
    }
    if (this.#legacy?.isOpen === true) return;
    const stream = await this.#persist(() => this.#send("legacy"));
    this.#legacy = await EventStream.open(stream, (said) => this.#hearUpdate(said));
  }

  async #subscribe(submissionIds: readonly string[]): Promise<void> {
    if (submissionIds.length === 0) return;
    for (const submissionId of submissionIds) {
      const params = { uri: `veo://tasks/${submissionId}` };
      await this.#persist(() => this.#request("legacy", "resources/subscribe", params));
    }
    for (const { submission_id, state } of await this.#list())
      if (submissionIds.includes(submission_id)) this.stateWhenFollowed.set(submission_id, state);
  }

  async #list() {
    const listed = await this.ask("modern", "veo_list_tasks", { limit: 50 });
    return listedSchema.parse(listed).structuredContent.tasks;
  }

  async #listen(): Promise<void> {
    const before = this.#modern;
    const taskIds = [...this.followed];
    this.#listenedTo = taskIds;
    if (taskIds.length === 0) return;
    const params = { notifications: { taskIds }, _meta: META };
    const listen = { jsonrpc: "2.0", id: crypto.randomUUID(), method: "subscriptions/listen", params };
    const stream = await this.#persist(() => this.#send("modern", listen));
    this.#modern = await EventStream.open(stream, (said) => this.#hearChange(said));
    await before?.leave();
  }

  #hearChange(said: StreamMessage): void {
    const changed = changedSchema.safeParse(said).data?.params;
    if (changed !== undefined && ["completed", "failed", "cancelled"].includes(changed.status))
      this.heardEnd.set(changed.taskId, changed.status);
  }

  #hearUpdate(said: StreamMessage): void {
    const updated = updatedSchema.safeParse(said).data?.params;
    if (updated !== undefined) this.heardChangeAtMs.set(updated.uri.replace("veo://tasks/", ""), Date.now());
  }

  #callTool = (lane: Lane, name: string, args: object): Promise<unknown> =>
    this.#request(lane, "tools/call", { name, arguments: args });

  /** @returns what was answered, or undefined when the connection broke. */
  async #request(lane: Lane, method: string, params: object): Promise<unknown> {
    if (lane === "legacy") await this.#openSession();
    const body = {
      jsonrpc: "2.0",
      id: crypto.randomUUID(),
      method,
      params: lane === "modern" ? { ...params, _meta: META } : params,
    };
    const response = await this.#send(lane, body);
    if (response === undefined) return undefined;
    const { result, error } = answerSchema.parse(await response.json());
    if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async #persist<T>(attempt: () => Promise<T | undefined>): Promise<T> {
    for (let left = ATTEMPTS; left > 0; left -= 1) {
      const answer = await attempt();
      if (answer !== undefined) return answer;
    }
    throw new Error("Nothing was answered, however often it was asked for");
  }

  /**
   * Sends a request as our Worker does with those that it let in: a POST, or a GET where there is nothing to say.
   * @returns undefined when the connection broke, or the server said to come again.
   */
  async #send(lane: Lane, body?: Outgoing): Promise<Response | undefined> {
    const settings = readSettings(env);
    if (!settings.ok) throw new Error(settings.problems.join("\n"));
    const url = new URL("/mcp", ORIGIN);
    const request = new Request(url, {
      method: body === undefined ? "GET" : "POST",
      headers: lane === "modern" ? modernHeaders(body) : legacyHeaders(body, this.#sessionId),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answering = serveCaller(request, url, env, settings, this.caller);
    const response = await this.#world.until(answering.catch(() => undefined));
    if (response === undefined || response.status === 503) return undefined;
    if (response.ok) return response;
    throw new Error(`${body?.method}: ${response.status} ${await response.text()}`);
  }
}

const modernHeaders = (body: Outgoing | undefined): Record<string, string> => {
  const name = z.looseObject({ name: z.string() }).safeParse(body?.params).data?.name;
  return {
    ...ACCEPT_BOTH,
    "mcp-protocol-version": MODERN,
    "mcp-method": body?.method ?? "",
    ...(name !== undefined && { "mcp-name": name }),
  };
};

const legacyHeaders = (
  body: Outgoing | undefined,
  sessionId: string | undefined,
): Record<string, string> => ({
  ...(body === undefined ? { accept: "text/event-stream" } : ACCEPT_BOTH),
  ...(sessionId !== undefined && { "mcp-session-id": sessionId, "mcp-protocol-version": LEGACY }),
});
