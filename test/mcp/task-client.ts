import { expect } from "vitest";
import { z } from "zod";
import type { World } from "../world.ts";
import { askModern, type RawAnswer, TASKS } from "./raw-request.ts";

const taskSchema = z.looseObject({
  taskId: z.string(),
  status: z.string(),
  statusMessage: z.string().optional(),
  createdAt: z.iso.datetime(),
  lastUpdatedAt: z.iso.datetime(),
  ttlMs: z.int().positive(),
  pollIntervalMs: z.int().positive().optional(),
});
/** A task as the extension shows it, as much of it as tests look at. */
export type ShownTask = z.infer<typeof taskSchema>;

/** What `tasks/cancel` and `tasks/update` answer. */
export const ACKNOWLEDGED = { resultType: "complete", _meta: expect.anything() };

/** A client of the 2026-07-28 generation that knows the Tasks extension, request by request. No call lets time pass. */
export interface TaskClient {
  /** Calls a tool; with the extension declared, unless it says otherwise. */
  call(tool: string, args?: object, capabilities?: object): Promise<RawAnswer>;
  /** Makes a video. @returns its task as it was answered. */
  make(args?: object): Promise<ShownTask>;
  /** @returns a task as `tasks/get` shows it. */
  get(taskId: string): Promise<ShownTask>;
  /** Sends `tasks/get`, `tasks/cancel` or `tasks/update`. */
  ask(method: string, params: Record<string, unknown>, capabilities?: object): Promise<RawAnswer>;
  /** What `veo_get_task` says at once. */
  poll(taskId: string): Promise<Record<string, unknown> | undefined>;
}

export function createTaskClient(world: World, bearer?: string): TaskClient {
  const ask: TaskClient["ask"] = (method, params, capabilities = TASKS) =>
    askModern(world, { method, params, capabilities, ...(bearer !== undefined && { bearer }) });
  const call: TaskClient["call"] = (name, args = {}, capabilities) =>
    ask("tools/call", { name, arguments: args }, capabilities);
  return {
    ask,
    call,
    make: async (args) =>
      taskSchema.parse((await call("veo_text_to_video", { prompt: "a fox", ...args })).result),
    get: async (taskId) => taskSchema.parse((await ask("tasks/get", { taskId })).result),
    poll: async (task_id) => (await call("veo_get_task", { task_id, wait_seconds: 0 }, {})).result,
  };
}
