import { EventStream, type Heard } from "./event-stream.ts";
import type { Connection } from "./http-client.ts";
import { type LaneName, openClient, resultOf } from "./mcp-client.ts";

/** How long anything on this machine may take before the benchmark gives up. */
const PATIENCE_MS = 10_000;

/** A client that is told of tasks, each generation in its own way. */
export interface Listener extends Disposable {
  readonly stream: EventStream;
  /** @returns all that it was told of a task. */
  newsOf(submissionId: string): Heard[];
  /** Waits until it is told of a task. */
  hears(submissionId: string): Promise<Heard>;
}

export interface ListenerOptions {
  readonly url: string;
  readonly connection: Connection;
  readonly bearer?: string;
}

/** What a stream says of tasks, and of which. */
const TOPIC: Record<LaneName, (heard: Heard) => string | undefined> = {
  "2025-11-25": ({ message: { method, params } }) =>
    method === "notifications/resources/updated" ? params?.uri : undefined,
  "2026-07-28": ({ message: { method, params } }) =>
    method === "notifications/tasks" ? params?.taskId : undefined,
};

/** Opens a client's stream, and has it told of tasks, which are subscribed to when this resolves. */
export async function openListener(
  lane: LaneName,
  { url, connection, bearer }: ListenerOptions,
  submissionIds: readonly string[],
): Promise<Listener> {
  const client = await openClient(lane, connection, url, {
    knowsTasks: true,
    ...(bearer !== undefined && { bearer }),
  });
  const topicOf = (id: string) => (lane === "2026-07-28" ? id : `veo://tasks/${id}`);
  let stream: EventStream;
  if (lane === "2026-07-28") {
    const filter = { notifications: { taskIds: submissionIds } };
    stream = await EventStream.open(url, client.request("subscriptions/listen", filter));
    const isOpening = ({ message }: Heard) => message.method === "notifications/subscriptions/acknowledged";
    await stream.until(() => stream.heard.find(isOpening), PATIENCE_MS);
  } else {
    stream = await EventStream.open(url, { headers: { ...client.headers, accept: "text/event-stream" } });
    for (const id of submissionIds)
      resultOf(await connection.post(url, client.request("resources/subscribe", { uri: topicOf(id) })));
  }
  const newsOf = (id: string) => stream.heard.filter((heard) => TOPIC[lane](heard) === topicOf(id));
  return {
    stream,
    newsOf,
    hears: (id) => stream.until(() => newsOf(id)[0], PATIENCE_MS),
    [Symbol.dispose]: () => stream[Symbol.dispose](),
  };
}
