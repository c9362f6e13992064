import { connectModern, type TestClient, type ToolResult } from "../clients.ts";
import { createWorld, type World, type WorldOptions } from "../world.ts";

export const SECRET_KEY = "secret-key-of-the-doorbell-0123456789-0123456789";

/** A deployment with a secret key, and somebody who makes videos with it. */
export interface Doorbell {
  world: World;
  client: TestClient;
  /** Orders a video. @returns its task id, or the submission's while there is none. */
  submit(prompt: string, args?: Record<string, unknown>): Promise<string>;
  /** @returns what a poll answers at once. */
  poll(taskId: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  stateOf(taskId: string): Promise<unknown>;
  /** @returns the address that a submission gave to the upstream, the latest by default. */
  address(index?: number): string;
  /** Rings by hand. @returns the status of the answer. */
  ring(address?: string, init?: RequestInit): Promise<number>;
  /** When the upstream was asked about tasks, in tenths of seconds from the beginning, or from what is given. */
  askedAt(fromMs?: number): number[];
}

/** The upstream's rings come through, unless the options say otherwise. */
export async function createDoorbell(options: WorldOptions = {}, connect = connectModern): Promise<Doorbell> {
  const world = createWorld({
    generationMs: 60_000,
    rings: true,
    ...options,
    deployment: { SECRET_KEY, ...options.deployment },
  });
  const startMs = Date.now();
  const client = await world.until(connect(world), 0);
  const call = (tool: string, args: Record<string, unknown>): Promise<ToolResult> =>
    world.until(client.callTool(tool, args));
  const address = (index = -1) => {
    const given = world.simulator.requestsTo("paid").at(index)?.body?.callback_url;
    return typeof given === "string" ? given : "";
  };
  const poll: Doorbell["poll"] = async (task_id, args = { wait_seconds: 0 }) =>
    (await call("veo_get_task", { task_id, ...args })).structuredContent ?? {};
  return {
    world,
    client,
    async submit(prompt, args = {}) {
      const { structuredContent } = await call("veo_text_to_video", { prompt, ...args });
      return String(structuredContent?.task_id);
    },
    poll,
    stateOf: async (taskId) => (await poll(taskId)).state,
    address,
    async ring(url = address(), init = {}) {
      const response = await world.fetch(url, { method: "POST", ...init });
      await response.text();
      return response.status;
    },
    askedAt: (fromMs = startMs) =>
      world.simulator
        .requestsTo("tasks")
        .filter(({ at }) => at >= fromMs)
        .map(({ at }) => Math.round((at - fromMs) / 100) / 10),
  };
}
