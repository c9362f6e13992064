import { isOpen, type Task } from "../ledger/task.ts";
import { errorName, type Log } from "../log.ts";
import { taskUri } from "./resource-methods.ts";
import type { SessionStore } from "./session-store.ts";
import type { ServerNotification } from "./stream-voice.ts";
import { isStreamHolder, type SubscriptionStore } from "./subscription-store.ts";
import { isTerminal, type TaskDirectory, type TaskView } from "./task-directory.ts";

/**
 * What was sent into a stream for this long before it was seen to be closed may never have arrived, and is said
 * again: TCP goes on for 15 to 18 minutes with a client that vanished without a word, as a laptop does that sleeps.
 */
const LOST_WITH_STREAM_MS = 20 * 60_000;
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
  /**
   * Sends to the open stream of a holder, if there is one.
   * @returns false where its reader is behind, and will ask for what it missed.
   */
  send(holder: string, notification: ServerNotification): boolean;
  /** @returns epoch milliseconds. */
  now(): number;
  log: Log;
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

  /**
   * Tells everybody who is subscribed to one of the topics. It never throws: what is announced has happened, and may
   * have been paid for, whether or not somebody can be told.
   */
  publish(topics: readonly string[]): void {
    for (const topic of topics) this.#orLog(() => this.#publishOne(topic));
  }

  /** Tells a stream that was opened, or goes on, what it would otherwise never hear of. */
  welcome(holder: string): void {
    if (!isStreamHolder(holder)) this.#tellMissed(holder);
    else if (!this.#tellWaiting(holder)) this.#tellPresentState(holder);
  }

  #publishOne(topic: string): void {
    const { subscriptions, send, now } = this.#is;
    const holders = subscriptions.holdersOf(topic);
    const notification = holders.length === 0 ? undefined : this.#about(topic);
    if (notification === undefined) return;
    for (const holder of holders)
      this.#orLog(() => {
        // A session's stream may be gone without anybody knowing, and another one hears of it.
        if (!isStreamHolder(holder)) subscriptions.changed(holder, topic, now());
        if (!send(holder, notification)) subscriptions.changed(holder, topic, now());
      });
  }

  /** Tells the stream of a session what changed while there was none, or may have been lost with the one before. */
  #tellMissed(sessionId: string): void {
    const { subscriptions, sessions, send } = this.#is;
    const closedAtMs = sessions.streamOpened(sessionId);
    const missed = subscriptions.changedSince(sessionId, (closedAtMs ?? 0) - LOST_WITH_STREAM_MS);
    for (const uri of missed) send(sessionId, resourceUpdated(uri));
  }

  /** Tells a stream what had to wait for its reader, as it is by now. @returns whether there was anything. */
  #tellWaiting(holder: string): boolean {
    const { subscriptions, send } = this.#is;
    const waiting = subscriptions.changedSince(holder, 0);
    for (const topic of waiting) {
      const notification = this.#about(topic);
      if (notification !== undefined && !send(holder, notification)) break;
      subscriptions.told(holder, topic);
    }
    return waiting.length > 0;
  }

  /** Tells a stream of the tasks that are over: nothing will be announced of them any more. */
  #tellPresentState(holder: string): void {
    const { subscriptions, send, now } = this.#is;
    for (const topic of subscriptions.topicsOf(holder)) {
      const view = this.#taskOf(topic);
      if (view === undefined || !isTerminal(view)) continue;
      if (!send(holder, taskChanged(view))) subscriptions.changed(holder, topic, now());
    }
  }

  #about(topic: string): ServerNotification | undefined {
    if (!topic.startsWith(TASK_PREFIX)) return resourceUpdated(topic);
    const view = this.#taskOf(topic);
    return view && taskChanged(view);
  }

  #taskOf = (topic: string): TaskView | undefined =>
    topic.startsWith(TASK_PREFIX) ? this.#is.tasks.peek(topic.slice(TASK_PREFIX.length)) : undefined;

  #orLog(announce: () => void): void {
    try {
      announce();
    } catch (error) {
      this.#is.log("error", "announcement_failed", { error: errorName(error) });
    }
  }
}
