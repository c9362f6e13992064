import type { RegisteredTool } from "./define-tool.ts";
import { veoExtendVideo } from "./veo_extend_video.ts";
import { veoGet1080p } from "./veo_get_1080p.ts";
import { veoGetPromptGuide } from "./veo_get_prompt_guide.ts";
import { veoGetTask } from "./veo_get_task.ts";
import { veoGetTasksBatch } from "./veo_get_tasks_batch.ts";
import { veoGetUsage } from "./veo_get_usage.ts";
import { veoImageToVideo } from "./veo_image_to_video.ts";
import { veoListActions } from "./veo_list_actions.ts";
import { veoListModels } from "./veo_list_models.ts";
import { veoListTasks } from "./veo_list_tasks.ts";
import { veoReshoot } from "./veo_reshoot.ts";
import { veoTextToVideo } from "./veo_text_to_video.ts";
import { veoUpsample } from "./veo_upsample.ts";
import { veoVideoObjects } from "./veo_video_objects.ts";

/** Every tool, in the order in which clients list them: making, editing, asking, reading. */
export const TOOLS: readonly RegisteredTool[] = [
  veoTextToVideo,
  veoImageToVideo,
  veoGet1080p,
  veoUpsample,
  veoExtendVideo,
  veoReshoot,
  veoVideoObjects,
  veoGetTask,
  veoGetTasksBatch,
  veoListTasks,
  veoGetUsage,
  veoListModels,
  veoListActions,
  veoGetPromptGuide,
];
export const TOOL_NAMES: readonly string[] = TOOLS.map(({ name }) => name);
