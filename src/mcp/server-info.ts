import { version } from "../../package.json";
import type { Deployment } from "../tools/define-tool.ts";

/** A play mark. A data URI needs no origin and no second request; short, since the SDK repeats it in every answer. */
const ICON =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle cx='4.5' cy='4.5' r='4.5'/><path d='M3 2l4 2.5L3 7z' fill='#fff'/></svg>";

/** Who this server is, as both generations of the protocol tell it. */
export const serverInfo = ({ serverName }: Deployment) => ({
  name: serverName,
  title: "Veo video generation",
  version,
  websiteUrl: "https://platform.acedata.cloud",
  icons: [
    { src: `data:image/svg+xml,${encodeURIComponent(ICON)}`, mimeType: "image/svg+xml", sizes: ["any"] },
  ],
});

/** Five lines that take a model from an idea to a video; disabled tools are not mentioned. */
export function instructions({ disabledTools }: Deployment): string {
  const offered = (...names: string[]) => names.filter((name) => !disabledTools.has(name));
  const list = (names: string[]) => names.join(", ");
  const making = offered("veo_text_to_video", "veo_image_to_video");
  const editing = offered(
    "veo_upsample",
    "veo_extend_video",
    "veo_reshoot",
    "veo_video_objects",
    "veo_get_1080p",
  );
  const reading = offered("veo_get_prompt_guide", "veo_list_models", "veo_list_actions");
  const finding = offered("veo_list_tasks", "veo_get_tasks_batch");
  return [
    reading.length > 0 && `Before the first video, read ${list(reading)} (free).`,
    making.length > 0 &&
      `Make a video with ${list(making)}: it spends credits and answers at once with a task_id; one call, one video.`,
    !disabledTools.has("veo_get_task") &&
      "Then call veo_get_task with that task_id and wait_seconds 50 until state is succeeded or failed (1–3 minutes); show the user the video_url.",
    editing.length > 0 && `Go on with a finished video by its video_id: ${list(editing)}.`,
    finding.length > 0 &&
      `Never submit again because an answer is late: find the task with ${list(finding)}.`,
  ]
    .filter((line) => line !== false)
    .join("\n");
}
