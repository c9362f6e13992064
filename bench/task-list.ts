import { z } from "zod";
import type { Connection } from "./http-client.ts";
import { type McpClient, toolAnswerOf } from "./mcp-client.ts";

const pageSchema = z.object({ count: z.number(), next_cursor: z.string().optional() });

/** @returns how many tasks of an account ended well, by its own list, page by page. */
export async function countSucceeded(
  connection: Connection,
  client: McpClient,
  url: string,
): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const args = { state: "succeeded", limit: 50, ...(cursor !== undefined && { cursor }) };
    const answer = await connection.post(url, client.callTool("veo_list_tasks", args));
    const page = pageSchema.parse(toolAnswerOf(answer));
    count += page.count;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return count;
}
