import { createMcpHandler, type McpHttpHandler, Server } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Deployment } from "../tools/define-tool.ts";
import { serverInfo } from "./server-info.ts";

/** A stream ends when its client is gone, which only a failing write tells (protocol-notes.md, "Streams"). */
const KEEP_ALIVE_MS = 5000;

export type ListenHandler = McpHttpHandler["fetch"];

/** Whether a request opens a long-lived stream (2026-07-28, `subscriptions/listen`). */
export const isListen = (body: unknown): boolean => listenSchema.safeParse(body).success;
const listenSchema = z.looseObject({ method: z.literal("subscriptions/listen") });

/**
 * `subscriptions/listen`, answered in the Worker: a stream held by the account's object would keep it in memory,
 * and bill it, for as long as a client stays. No list of ours ever changes and no resource can be subscribed to
 * yet, so a stream acknowledges nothing and stays silent.
 */
export function createListenHandler(deployment: Deployment): ListenHandler {
  const capabilities = { tools: {}, prompts: {}, resources: {}, completions: {} };
  return createMcpHandler(() => new Server(serverInfo(deployment), { capabilities }), {
    legacy: "reject",
    keepAliveMs: KEEP_ALIVE_MS,
  }).fetch;
}
