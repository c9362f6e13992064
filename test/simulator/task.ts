import type { Dialect } from "./dialect.ts";
import type { PaidOrder, PaidPath } from "./paid.ts";
import type { JsonObject } from "./wire.ts";
import type { Fate, SimulatorWord } from "./words.ts";

/** One paid job. Whether it is done is worked out when somebody asks: no timer ends it. */
export interface SimulatedTask {
  readonly taskId: string;
  readonly traceId: string;
  readonly path: PaidPath;
  readonly token: string;
  readonly order: PaidOrder;
  /** The body as it was sent. */
  readonly request: JsonObject;
  readonly submittedAtMs: number;
  finishesAtMs: number;
  readonly fate: Fate;
  readonly dialect: Dialect;
  readonly videoIds: readonly string[];
  readonly isGif: boolean;
  /** Where the simulator is served: the start of the media URLs. */
  readonly mediaOrigin: string;
  /** The words of its prompt, and those of the settings. */
  readonly words: readonly SimulatorWord[];
  /** How many callbacks were sent. */
  callbacksMade: number;
}

export type TaskState = "pending" | "succeeded" | "failed";

/** The state of a task at a moment (Unix milliseconds). */
export function stateOf(task: SimulatedTask, nowMs: number): TaskState {
  if (nowMs < task.finishesAtMs) return "pending";
  return task.fate === "success" || task.fate === "success-without-media" ? "succeeded" : "failed";
}

/** What tests and benchmarks see of a task, to compare with what a ledger says. */
export interface TaskView {
  readonly taskId: string;
  readonly traceId: string;
  readonly path: PaidPath;
  readonly action: string | null;
  readonly token: string;
  readonly prompt: string;
  readonly state: TaskState;
  readonly submittedAtMs: number;
  /** Null when it never ends. */
  readonly finishesAtMs: number | null;
  readonly videoIds: readonly string[];
  readonly callbackUrl: string | null;
  readonly dialect: Dialect;
}

/** The view of a task at a moment (Unix milliseconds). */
export function viewOf(task: SimulatedTask, nowMs: number): TaskView {
  return {
    taskId: task.taskId,
    traceId: task.traceId,
    path: task.path,
    action: task.order.action ?? null,
    token: task.token,
    prompt: task.order.prompt,
    state: stateOf(task, nowMs),
    submittedAtMs: task.submittedAtMs,
    finishesAtMs: Number.isFinite(task.finishesAtMs) ? task.finishesAtMs : null,
    videoIds: task.videoIds,
    callbackUrl: task.order.callback_url ?? null,
    dialect: task.dialect,
  };
}
