import { isOpen, type Task } from "../ledger/task.ts";
import { taskUri } from "./resource-methods.ts";
import type { SessionStore } from "./session-store.ts";
import type { ServerNotification } from "./stream-voice.ts";
import { isStreamHolder, type SubscriptionStore } from "./subscription-store.ts";
import { isTerminal, type TaskDirectory, type TaskView } from "./task-directory.ts";

/** A client may have lost what was sent just before its stream was seen to be closed: it is said again. */
const LOST_WITH_STREAM_MS = 60_000;

const TASK_PREFIX = "task:";
/** The topic of a task as the extension shows it. The topic of a resource is its URI. */
export const taskTopic = (taskId: string): string => `${TASK_PREFIX}${taskId}`;

const resourceUpdated = (uri: string): ServerNotification => ({
  method: "notifications/resources/updated",
  params: { uri },
});
const taskChanged = (view: TaskView): ServerNotification => ({
  method: "notifications/tasks",
  params: view,
});

export interface NewsDependencies {
  subscriptions: SubscriptionStore;
  sessions: SessionStore;
  tasks: TaskDirectory;
  /** Sends to the open stream of a holder, if there is one. */
  send(holder: string, notification: ServerNotification): void;
  /** @returns epoch milliseconds. */
  now(): number;
}

/** Who hears what when something changes, in both generations of the protocol. */
export class News {
  readonly #is: NewsDependencies;

  constructor(dependencies: NewsDependencies) {
    this.#is = dependencies;
  }

  /** A task of the ledger changed: the extension's view of it, and the resource under both of its ids. */
  taskOfLedger(before: Task, after: Task): void {
    const uris = [after.submissionId, after.taskId].filter((id) => id !== null).map(taskUri);
    // What was over for the extension stays as it was shown, whatever else is still learnt of it.
    const wasOver = before.cancelRequested || !isOpen(before);
    this.publish([...(wasOver ? [] : [taskTopic(after.submissionId)]), ...uris]);
  }

  /** Tells everybody who is subscribed to one of the topics. */
  publish(topics: readonly string[]): void {
    const { subscriptions, send, now } = this.#is;
    for (const subscription of subscriptions.to(topics)) {
      const { holder, topic } = subscription;
      const notification = this.#about(topic);
      if (notification === undefined) continue;
      if (!isStreamHolder(holder)) subscriptions.changed(subscription, now());
      send(holder, notification);
    }
  }

  /** Tells a stream that has just been opened what it would otherwise never hear of. */
  welcome(holder: string): void {
    const { subscriptions, sessions, tasks, send } = this.#is;
    if (isStreamHolder(holder)) {
      for (const topic of subscriptions.topicsOf(holder)) {
        const view = topic.startsWith(TASK_PREFIX) ? tasks.peek(topic.slice(TASK_PREFIX.length)) : undefined;
        if (view !== undefined && isTerminal(view)) send(holder, taskChanged(view));
      }
      return;
    }
    const closedAtMs = sessions.streamOpened(holder);
    const missed = subscriptions.changedSince(holder, (closedAtMs ?? 0) - LOST_WITH_STREAM_MS);
    for (const uri of missed) send(holder, resourceUpdated(uri));
  }

  #about(topic: string): ServerNotification | undefined {
    if (!topic.startsWith(TASK_PREFIX)) return resourceUpdated(topic);
    const view = this.#is.tasks.peek(topic.slice(TASK_PREFIX.length));
    return view && taskChanged(view);
  }
}
