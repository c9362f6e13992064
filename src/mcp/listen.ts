import { createMcpHandler, INTERNAL_ERROR, INVALID_PARAMS, Server } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { CallerContext, Deployment } from "../tools/define-tool.ts";
import type { Exchange, StreamOpening } from "./lane.ts";
import { taskTopic } from "./news.ts";
import { subscribable } from "./resource-methods.ts";
import { serverInfo } from "./server-info.ts";
import { MAX_SUBSCRIPTIONS, newStreamHolder } from "./subscription-store.ts";
import { declaresTasks, type TaskDirectory, tasksUndeclared } from "./task-directory.ts";

/** `subscriptions/listen` (2026-07-28): what is checked here is held as a stream by the Worker. */

const idSchema = z.union([z.string(), z.number()]);
const listenSchema = z.looseObject({ id: idSchema, method: z.literal("subscriptions/listen") });

/** @returns the id of a request that opens a stream, which names the subscription; undefined for any other request. */
export const listenIdOf = (body: unknown): string | number | undefined =>
  listenSchema.safeParse(body).data?.id;

const filterSchema = z.looseObject({
  params: z.looseObject({
    notifications: z.looseObject({
      taskIds: z.array(z.string()).optional(),
      resourceSubscriptions: z.array(z.string()).optional(),
    }),
  }),
});
const metaSchema = z.looseObject({ params: z.looseObject({ _meta: z.unknown() }) });

/** The code that the SDKs use with HTTP's own refusals. */
const NOT_ACCEPTABLE = -32000;

/** What of an account a stream is asked for, before it is known what of it there is. */
interface Wanted {
  taskIds: string[];
  resourceSubscriptions: string[];
}

/** @returns what a request asks to hear of, or the answer that refuses it. */
function wantedBy(body: unknown): Wanted | Response {
  const id = listenIdOf(body) ?? null;
  const filter = filterSchema.safeParse(body);
  if (!filter.success)
    return refusal(
      id,
      200,
      INVALID_PARAMS,
      "Invalid params: taskIds and resourceSubscriptions must be lists of strings",
    );
  const { taskIds, resourceSubscriptions = [] } = filter.data.params.notifications;
  if (taskIds !== undefined && !declaresTasks(metaSchema.safeParse(body).data?.params._meta)) {
    const { code, message, data } = tasksUndeclared();
    return Response.json({ jsonrpc: "2.0", id, error: { code, message, data } }, { status: 400 });
  }
  const wanted = { taskIds: taskIds ?? [], resourceSubscriptions };
  return countOf(wanted) > MAX_SUBSCRIPTIONS
    ? refusal(id, 200, INVALID_PARAMS, `A stream takes at most ${MAX_SUBSCRIPTIONS} subscriptions`)
    : wanted;
}

/** The SDK answers this request alone with a stream to everybody; a client that names what it takes has to name it. */
function takesStream({ headers }: Request): boolean {
  const accepted = headers.get("accept");
  return accepted === null || /text\/(event-stream|\*)|\*\/\*/i.test(accepted);
}

const notAcceptable = (body: unknown): Response =>
  refusal(
    listenIdOf(body) ?? null,
    406,
    NOT_ACCEPTABLE,
    "Not Acceptable: Client must accept text/event-stream",
  );

const countOf = ({ taskIds, resourceSubscriptions }: Wanted): number =>
  taskIds.length + resourceSubscriptions.length;

/**
 * The first half of a stream's opening, which needs no account: the SDK checks the request, by answering it for a
 * server that announces nothing, and then it is checked what the SDK does not know.
 * @returns the answer when there is nothing more to it: a refusal, or the acknowledgement of nothing. Clients listen
 * for changed lists by themselves, and that must wake no object.
 */
export function createListenCheck(deployment: Deployment) {
  const handler = createMcpHandler(() => new Server(serverInfo(deployment), { capabilities: {} }), {
    legacy: "reject",
  });
  return async ({ request, body }: Exchange): Promise<Response | undefined> => {
    const answer = await handler.fetch(request, { parsedBody: body });
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
    const wanted = takesStream(request) ? wantedBy(body) : notAcceptable(body);
    if (!(wanted instanceof Response) && countOf(wanted) === 0) return answer;
    await answer.body?.cancel();
    return wanted instanceof Response ? wanted : undefined;
  };
}

/** The second half: what of the account a stream is about, or the answer that refuses it. */
export function openListen(
  body: unknown,
  tasks: TaskDirectory,
  context: CallerContext,
): StreamOpening | Response {
  const wanted = wantedBy(body);
  if (wanted instanceof Response) return wanted;
  // What is unknown or somebody else's is left out of the acknowledgement (Tasks, "Task Notifications").
  const taskIds = [...new Set(wanted.taskIds)].filter((taskId) => tasks.peek(taskId) !== undefined);
  const uris = [...new Set(wanted.resourceSubscriptions)].filter((uri) =>
    ["changing", "static"].includes(subscribable(uri, context)),
  );
  return {
    holder: newStreamHolder(),
    topics: [...taskIds.map(taskTopic), ...uris],
    acknowledged: {
      ...(taskIds.length > 0 && { taskIds }),
      ...(uris.length > 0 && { resourceSubscriptions: uris }),
    },
  };
}

/** Refuses one stream too many, as the SDK's own router does. */
export const tooManyStreams = (id: string | number | null, limit: number): Response =>
  refusal(id, id === null ? 429 : 200, INTERNAL_ERROR, `At most ${limit} streams may be open: close one`);

const refusal = (id: string | number | null, status: number, code: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status });
