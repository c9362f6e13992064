import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Connection } from "./http-client.ts";
import { type McpClient, resultOf } from "./mcp-client.ts";

const createdSchema = z.object({
  resultType: z.literal("task"),
  taskId: z.string(),
  pollIntervalMs: z.number(),
});
const standingSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal("working"), pollIntervalMs: z.number() }),
  z.object({ status: z.literal("completed"), result: z.unknown() }),
]);

/** Asks for a task as its server wants to be asked, as the reference client does, until it is over. */
export async function follow(
  called: unknown,
  url: string,
  connection: Connection,
  client: McpClient,
): Promise<{ result: unknown; queries: number }> {
  const { taskId, pollIntervalMs: firstMs } = createdSchema.parse(called);
  let waitMs = firstMs;
  for (let queries = 1; ; queries += 1) {
    await sleep(waitMs);
    const query = client.request("tasks/get", { taskId }, taskId);
    const standing = standingSchema.parse(resultOf(await connection.post(url, query)));
    if (standing.status === "completed") return { result: standing.result, queries };
    waitMs = standing.pollIntervalMs;
  }
}
