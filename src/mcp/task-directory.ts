import {
  CLIENT_CAPABILITIES_META_KEY,
  INTERNAL_ERROR,
  MissingRequiredClientCapabilityError,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Ledger } from "../ledger/ledger.ts";
import { progressAfter } from "../ledger/progress.ts";
import { POLLING_INTERVAL_MS } from "../ledger/schedule.ts";
import type { Task } from "../ledger/task.ts";
import type { Deployment } from "../tools/define-tool.ts";
import {
  cancelledNextStep,
  givenUpNextStep,
  taskAnswer,
  taskLinks,
  troubleText,
} from "../tools/task-answer.ts";
import { type CalledTool, errorResult, successResult } from "./tool-methods.ts";

/** The Tasks extension (2026-07-28). */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

const declarationSchema = z.looseObject({
  [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({
    extensions: z.looseObject({ [TASKS_EXTENSION]: z.looseObject({}) }),
  }),
});

/** Whether the `_meta` of a request declares the extension: each request does for itself. */
export const declaresTasks = (meta: unknown): boolean => declarationSchema.safeParse(meta).success;

/** What a client is told that declares no Tasks extension, and asks for it. */
export const tasksUndeclared = () =>
  new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `This needs a client that declares the extension ${TASKS_EXTENSION}`,
  );

/** How a task stands, as the extension shows it. */
type TaskStanding = {
  taskId: string;
  statusMessage?: string;
  createdAt: string;
  lastUpdatedAt: string;
  /** How long after its creation it is kept at least. */
  ttlMs: number | null;
  /** When it is worth asking again. */
  pollIntervalMs?: number;
};

/** `DetailedTask`: a task with what it came to, or waits for. */
export type TaskView = TaskStanding &
  (
    | { status: "working" | "cancelled" }
    | { status: "input_required"; inputRequests: Record<string, unknown> }
    | { status: "completed"; result: CalledTool & { resultType: "complete" } }
    | { status: "failed"; error: { code: number; message: string; data?: unknown } }
  );

/** @returns what a call answers that a task came of: how the task stands, without what it came to. */
export function createTaskResult(view: TaskView) {
  const { taskId, status, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs } = view;
  return {
    resultType: "task",
    taskId,
    status,
    ...(statusMessage !== undefined && { statusMessage }),
    createdAt,
    lastUpdatedAt,
    ttlMs,
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    // Not part of it, but the SDK wants content in whatever a call answers.
    content: [],
  };
}

/** Whether a task stays as it is: the extension has no way back from these. */
export const isTerminal = ({ status }: TaskView): boolean =>
  status === "completed" || status === "failed" || status === "cancelled";

/** The tasks of an account, as the extension's methods need them. */
export interface TaskDirectory {
  /** @returns the task as it is known; undefined for an id that the account does not have. */
  peek(taskId: string): TaskView | undefined;
  /** @returns the task as it is, after whatever a query sets off. */
  get(taskId: string): Promise<TaskView | undefined>;
  /** @returns whether there is such a task. */
  cancel(taskId: string): Promise<boolean>;
  /** Hands over what a task asked for. @returns whether there is such a task. */
  update(taskId: string, inputResponses: Record<string, unknown>): Promise<boolean>;
}

/** How long after a look is due its news are there. */
const LOOK_TAKES_MS = 1000;

/**
 * @returns how long it is no use to ask again: until the next look is over. Where the upstream may ring, or has not
 * answered the submission yet, there may be news at any moment, so that is not long.
 */
function pollIntervalMs(task: Task, ledger: Ledger, nowMs: number): number {
  const dueMs = (task.nextCheckAtMs ?? nowMs) - nowMs;
  const isSurprising = task.rings === 0 || task.state === "submitting";
  const lookMs = isSurprising ? Math.min(dueMs, POLLING_INTERVAL_MS) : dueMs;
  if (ledger.trouble() === undefined) return Math.max(lookMs, 0) + LOOK_TAKES_MS;
  // In trouble the upstream is left alone for a while; for good, until somebody asks, when the key is refused.
  const nextAtMs = ledger.look.nextAtMs() ?? nowMs + POLLING_INTERVAL_MS;
  return Math.max(lookMs, nextAtMs - nowMs, 0) + LOOK_TAKES_MS;
}

/** A task of the ledger, as the extension shows it: its id is the submission's, there from the first moment. */
export function taskView(task: Task, ledger: Ledger, deployment: Deployment, nowMs: number): TaskView {
  const shared = {
    taskId: task.submissionId,
    createdAt: new Date(task.createdAtMs).toISOString(),
    lastUpdatedAt: new Date(task.settledAtMs ?? task.checkedAtMs ?? task.createdAtMs).toISOString(),
    ttlMs: ledger.retentionMs,
  };
  // The upstream cannot cancel: whoever asked is done with it, and stays so whatever still comes of it.
  if (task.cancelRequested)
    return { ...shared, status: "cancelled", statusMessage: cancelledNextStep(task.submissionId) };
  // What was given up was shown as failed, and stays so, whatever veo_get_task has learnt of it since.
  if (task.settledAtMs !== null) return { ...shared, ...failed(givenUpNextStep(task.submissionId)) };
  switch (task.state) {
    case "submitting":
    case "processing":
      return {
        ...shared,
        status: "working",
        statusMessage: troubleText({ ledger, deployment }) ?? progressAfter(nowMs - task.createdAtMs).message,
        pollIntervalMs: pollIntervalMs(task, ledger, nowMs),
      };
    case "succeeded": {
      const structured = taskAnswer(task, { ledger, deployment });
      const result = successResult({ structured, links: taskLinks(task) });
      return { ...shared, status: "completed", result: { ...result, resultType: "complete" } };
    }
    case "failed": {
      const { code, message } = task.error ?? { code: "unknown", message: "" };
      const error = { kind: "generation_failed", code, message, traceId: task.traceId ?? undefined } as const;
      const result = errorResult(error, deployment.payer);
      return { ...shared, status: "completed", result: { ...result, resultType: "complete" } };
    }
    case "unknown":
      return { ...shared, ...failed(taskAnswer(task, { ledger, deployment }).next_step) };
  }
}

/** How a task stands of which it is not known what became. */
function failed(nextStep: string) {
  const statusMessage = "It is not known what became of this video.";
  const error = { code: INTERNAL_ERROR, message: `${statusMessage} ${nextStep}` };
  return { status: "failed", statusMessage, error } as const;
}

/** The ledger's tasks. */
export function ledgerTasks(ledger: Ledger, deployment: Deployment, now: () => number): TaskDirectory {
  const known = (taskId: string): Task | undefined => {
    const task = ledger.find({ taskId });
    // Only ours are ids of tasks here: the upstream's are not secret, and not there from the start.
    return task?.submissionId === taskId ? task : undefined;
  };
  return {
    peek(taskId) {
      const task = known(taskId);
      return task && taskView(task, ledger, deployment, now());
    },
    async get(taskId) {
      const view = this.peek(taskId);
      // What is over stays as it was shown: asking for it must not bring it back to life.
      if (view === undefined || isTerminal(view)) return view;
      await ledger.poll({ taskId }, { waitMs: 0, mayAdopt: false });
      return this.peek(taskId);
    },
    async cancel(taskId) {
      const task = known(taskId);
      if (task !== undefined) ledger.cancel(task);
      return task !== undefined;
    },
    // No task of ours asks for anything: what is sent is for a question that nobody put.
    update: async (taskId) => known(taskId) !== undefined,
  };
}
