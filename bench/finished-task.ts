import { z } from "zod";
import { openClient, toolAnswerOf } from "./mcp-client.ts";
import type { Stage } from "./stage.ts";

/** `[sync]` has the upstream answer the paid call with the finished video: a terminal task, at once. */
export async function makeFinishedTask(stage: Stage<"veo">): Promise<string> {
  const connection = stage.connection();
  const url = stage.workerd.mcpUrl("veo");
  const client = await openClient("2026-07-28", connection, url);
  const submission = client.callTool("veo_text_to_video", { prompt: "A paper boat in the rain [sync]" });
  const answered = toolAnswerOf(await connection.post(url, submission));
  return z.object({ task_id: z.string(), state: z.literal("succeeded") }).parse(answered).task_id;
}
