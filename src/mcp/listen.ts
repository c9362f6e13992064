import {
  CLIENT_CAPABILITIES_META_KEY,
  createMcpHandler,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  MissingRequiredClientCapabilityError,
  Server,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { CallerContext, Deployment } from "../tools/define-tool.ts";
import type { Exchange, StreamOpening } from "./lane.ts";
import { taskTopic } from "./news.ts";
import { subscribable } from "./resource-methods.ts";
import { serverInfo } from "./server-info.ts";
import { MAX_SUBSCRIPTIONS, newStreamHolder } from "./subscription-store.ts";
import { TASKS_EXTENSION, type TaskDirectory } from "./task-directory.ts";

/** `subscriptions/listen` (2026-07-28): what is checked here is held as a stream by the Worker. */

const idSchema = z.union([z.string(), z.number()]);
const listenSchema = z.looseObject({ id: idSchema, method: z.literal("subscriptions/listen") });

/** @returns the id of a request that opens a stream, which names the subscription; undefined for any other request. */
export const listenIdOf = (body: unknown): string | number | undefined =>
  listenSchema.safeParse(body).data?.id;

const paramsSchema = z.looseObject({
  params: z.looseObject({
    notifications: z.looseObject({
      taskIds: z.array(z.string()).optional(),
      resourceSubscriptions: z.array(z.string()).optional(),
    }),
    _meta: z.looseObject({
      [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({
        extensions: z.record(z.string(), z.unknown()).default({}),
      }),
    }),
  }),
});

/** What a client is told that declares no Tasks extension, and asks for it. */
export const tasksUndeclared = () =>
  new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });

/**
 * The first half of a stream's opening, which needs no account: the SDK checks the request, by answering it for a
 * server that announces nothing.
 * @returns its answer when there is nothing more to it: a refusal, or the acknowledgement of nothing. Clients listen
 * for changed lists by themselves, and that must wake no object.
 */
export function createListenCheck(deployment: Deployment) {
  const handler = createMcpHandler(() => new Server(serverInfo(deployment), { capabilities: {} }), {
    legacy: "reject",
  });
  return async ({ request, body }: Exchange): Promise<Response | undefined> => {
    const answer = await handler.fetch(request, { parsedBody: body });
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
    const { success, data } = paramsSchema.safeParse(body);
    const { taskIds, resourceSubscriptions } = data?.params.notifications ?? {};
    const isSilent = success && taskIds === undefined && resourceSubscriptions === undefined;
    if (isSilent) return answer;
    await answer.body?.cancel();
    return undefined;
  };
}

/** The second half: what of the account a stream is about, or the answer that refuses it. */
export function openListen(
  body: unknown,
  tasks: TaskDirectory,
  context: CallerContext,
): StreamOpening | Response {
  const id = listenIdOf(body) ?? null;
  const parsed = paramsSchema.safeParse(body);
  if (!parsed.success)
    return refusal(id, 200, INVALID_PARAMS, "Invalid params: taskIds must be a list of task ids");
  const { notifications, _meta } = parsed.data.params;
  const { taskIds = [], resourceSubscriptions = [] } = notifications;
  const isDeclared = TASKS_EXTENSION in _meta[CLIENT_CAPABILITIES_META_KEY].extensions;
  if (notifications.taskIds !== undefined && !isDeclared) {
    const { code, message, data } = tasksUndeclared();
    return Response.json({ jsonrpc: "2.0", id, error: { code, message, data } }, { status: 400 });
  }
  if (taskIds.length + resourceSubscriptions.length > MAX_SUBSCRIPTIONS)
    return refusal(id, 200, INVALID_PARAMS, `A stream takes at most ${MAX_SUBSCRIPTIONS} subscriptions`);
  // What is unknown or somebody else's is left out of the acknowledgement (Tasks, "Task Notifications").
  const known = [...new Set(taskIds)].filter((taskId) => tasks.peek(taskId) !== undefined);
  const uris = [...new Set(resourceSubscriptions)].filter((uri) =>
    ["changing", "static"].includes(subscribable(uri, context)),
  );
  return {
    holder: newStreamHolder(),
    topics: [...known.map(taskTopic), ...uris],
    acknowledged: {
      ...(known.length > 0 && { taskIds: known }),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    },
  };
}

/** Refuses one stream too many, as the SDK's own router does. */
export const tooManyStreams = (id: string | number | null, limit: number): Response =>
  refusal(id, id === null ? 429 : 200, INTERNAL_ERROR, `At most ${limit} streams may be open: close one`);

const refusal = (id: string | number | null, status: number, code: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status });
