import { z } from "zod";
import type { Simulator } from "../test/simulator/simulator.ts";
import type { Connection } from "./http-client.ts";
import { type McpClient, toolAnswerOf } from "./mcp-client.ts";

/** How long a generation takes that does not end by itself while the benchmark runs. */
export const ENDLESS_MS = 3_600_000;

const submittedSchema = z.object({ submission_id: z.string(), task_id: z.string() });
export interface Submitted {
  readonly submissionId: string;
  readonly taskId: string;
}

/** Has a client order a video. */
export async function submitVideo(
  url: string,
  connection: Connection,
  client: McpClient,
  prompt = "A lighthouse in the fog",
): Promise<Submitted> {
  const order = client.callTool("veo_text_to_video", { prompt });
  const { submission_id, task_id } = submittedSchema.parse(toolAnswerOf(await connection.post(url, order)));
  return { submissionId: submission_id, taskId: task_id };
}

/** When a ring left the upstream, and when it was answered, by `performance.now()`. */
export interface Ring {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** Ends tasks of a simulator, and has it ring for them, all at once. */
export async function ring(simulator: Simulator, taskIds: readonly string[]): Promise<Ring> {
  for (const taskId of taskIds) simulator.finish(taskId);
  const sentAtMs = performance.now();
  // Nothing awaits before this, so the server's own timer cannot have sent them.
  const deliveries = await simulator.deliverCallbacks((request) => fetch(request));
  const answeredAtMs = performance.now();
  const rung = deliveries.filter(({ taskId, status }) => taskIds.includes(taskId) && status === 204);
  if (rung.length !== taskIds.length)
    throw new Error(`${rung.length} of ${taskIds.length} rings were taken: ${JSON.stringify(deliveries)}`);
  return { sentAtMs, answeredAtMs };
}

const taskSchema = z.object({ state: z.string() });

/** A model that asks again as soon as it has an answer. @returns how often it asked until the video was done. */
export async function pollUntilDone(
  url: string,
  connection: Connection,
  client: McpClient,
  { taskId }: Submitted,
  waitSeconds?: number,
): Promise<number> {
  const wait = waitSeconds !== undefined && { wait_seconds: waitSeconds };
  for (let polls = 1; ; polls += 1) {
    const poll = client.callTool("veo_get_task", { task_id: taskId, ...wait });
    const { state } = taskSchema.parse(toolAnswerOf(await connection.post(url, poll)));
    if (state === "succeeded") return polls;
    if (state !== "processing") throw new Error(`the task became ${state}`);
  }
}

/** @returns for how long a task has been over, at its simulator. */
export function overForMs(simulator: Simulator, { taskId }: Pick<Submitted, "taskId">): number {
  const finishesAtMs = simulator.tasks.find((task) => task.taskId === taskId)?.finishesAtMs;
  if (finishesAtMs === undefined || finishesAtMs === null) throw new Error(`${taskId} has no end`);
  return Date.now() - finishesAtMs;
}

/** The original server asked the upstream for every poll, and then slept for this long. */
const ORIGINAL_SLEEP_MS = 5000;
/** @returns how often a model had to ask the original server. */
export const originalPolls = (generationMs: number): number => Math.ceil(generationMs / ORIGINAL_SLEEP_MS);
