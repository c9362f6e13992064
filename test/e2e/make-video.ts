import type { Progress, RealClient } from "./sdk-clients.ts";
import type { ToolResult } from "./tool-result.ts";

export interface MadeVideo {
  readonly taskId: string | undefined;
  /** The last answer about the task. */
  readonly task: ToolResult;
  /** How often it took to ask. */
  readonly polls: number;
  /** What was said meanwhile of how far it is. */
  readonly progress: readonly Progress[];
}

/** Pays for a video, and asks for it until it is there. */
export async function makeVideo(client: RealClient, prompt: string): Promise<MadeVideo> {
  let task = await client.callTool("veo_text_to_video", { prompt });
  const taskId = task.structuredContent.task_id;
  let polls = 0;
  const progress: Progress[] = [];
  while (task.structuredContent.state === "processing") {
    task = await client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 }, (said) => {
      progress.push(said);
    });
    polls += 1;
  }
  return { taskId, task, polls, progress };
}
