import { ownerOfUpstreamKey } from "../../src/auth/upstream-key.ts";
import { createSignInWorld } from "../auth/sign-in-world.ts";
import { connectModern, type TestClient, type ToolResult } from "../clients.ts";
import type { RecordedRequest } from "../simulator/recording.ts";
import type { World, WorldOptions } from "../world.ts";

/** A key that no other test has used: an isolate remembers what the upstream said of a key. */
export const newKey = (owner = "somebody"): string => `key-of-${owner}-${crypto.randomUUID()}`;

/** The account of whoever comes with a key. */
export const accountOf = (key: string): string => ownerOfUpstreamKey(key).account;

/** A world in which everybody pays for themselves; the objects have no token of the deployment's. */
export const createPayersWorld = ({
  accounts,
  ...options
}: WorldOptions & { accounts: readonly string[] }): World =>
  createSignInWorld({ generationMs: 60_000, ...options, accounts });

/** Somebody who calls with a key or a token of ours, and what is kept of theirs. */
export interface Payer {
  client: TestClient;
  /** Calls a tool, and lets time pass until it answers. */
  call(tool: string, args?: Record<string, unknown>): Promise<ToolResult>;
  /** Makes a video. @returns its task id. */
  submit(prompt?: string): Promise<string>;
  /** @returns the state that a poll answers, at once unless it says otherwise. */
  stateOf(taskId: string, args?: Record<string, unknown>): Promise<unknown>;
}

export async function createPayer(world: World, bearer: string, connect = connectModern): Promise<Payer> {
  const client = await world.until(connect(world, bearer));
  const call = (tool: string, args: Record<string, unknown> = {}) => world.until(client.callTool(tool, args));
  return {
    client,
    call,
    async submit(prompt = "a heron") {
      const { structuredContent } = await call("veo_text_to_video", { prompt });
      return String(structuredContent?.task_id);
    },
    async stateOf(task_id, args = { wait_seconds: 0 }) {
      const { structuredContent } = await call("veo_get_task", { task_id, ...args });
      return structuredContent?.state;
    },
  };
}

/** The rows in which an account's object keeps a credential: one or none. */
export const keptIn = (world: World, account?: string): Promise<string[]> =>
  world.inObject(
    (_, { storage }) =>
      storage.sql
        .exec<{ sealed: string }>("SELECT sealed FROM credential")
        .toArray()
        .map(({ sealed }) => sealed),
    account,
  );

/** What an error says to a program. */
export const errorOf = ({ _meta }: ToolResult): unknown => _meta?.["veo/error"];

/** What accounts' objects asked the upstream about tasks: all but the Worker's own question whether a key is good. */
export const questionsOf = ({ simulator }: Pick<World, "simulator">): RecordedRequest[] =>
  simulator.requestsTo("tasks").filter(({ body }) => body?.limit !== 1);

/** How often the Worker asked whether a key is good. */
export const checksOf = ({ simulator }: Pick<World, "simulator">): RecordedRequest[] =>
  simulator.requestsTo("tasks").filter(({ body }) => body?.limit === 1);
