import { z } from "zod";
import type { RealClient } from "../../test/e2e/sdk-clients.ts";

const rowSchema = z.looseObject({
  submission_id: z.string(),
  task_id: z.string().optional(),
  state: z.string(),
  request: z.looseObject({ prompt: z.string().optional() }),
  videos: z.array(z.looseObject({ video_id: z.string().optional(), video_url: z.string() })),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
/** A task as the server tells of it. */
export type Row = z.infer<typeof rowSchema>;

const usageSchema = z.looseObject({
  last_30_days: z.looseObject({ generations: z.number(), credits: z.number() }),
  limits: z.array(z.looseObject({ limit: z.string(), used: z.number() })),
});
export type Usage = z.infer<typeof usageSchema>;

const PAGE_SIZE = 50;

/** Reads everything that an account has, as any client can: through `veo_list_tasks`, newest first. */
export async function readLedger(client: RealClient): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
    const args = { limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) };
    const { structuredContent } = await client.callTool("veo_list_tasks", args);
    rows.push(...z.array(rowSchema).parse(structuredContent.tasks));
    cursor = structuredContent.next_cursor;
  }
  return rows;
}

/** Reads what the server counted. */
export async function readUsage(client: RealClient): Promise<Usage> {
  return usageSchema.parse((await client.callTool("veo_get_usage", {})).structuredContent);
}

/** Whether a task is over. */
export const isOver = ({ state }: Row): boolean => state === "succeeded" || state === "failed";
