import { MODEL_NAMES, MOTION_NAMES } from "../../veo/capabilities.ts";
import { beginningWith, MAX_COMPLETIONS, type Prompt } from "./define-prompt.ts";

interface Inputs {
  videoId: string;
  taskId: string;
  model: string;
  motion: string;
}

/** What people do with several tools in a row. */
const WORKFLOWS: Readonly<Record<string, { title: string; steps: (inputs: Inputs) => string[] }>> = {
  "draft-then-quality": {
    title: "Draft fast, keep in quality",
    steps: () => [
      "veo_text_to_video with model veo31-fast: a draft.",
      "veo_get_task with wait_seconds 50 until it has succeeded; look at it, change the prompt, repeat.",
      "veo_text_to_video with the final prompt and model veo31.",
    ],
  },
  "bring-a-picture-to-life": {
    title: "Bring a picture to life",
    steps: ({ model }) => [
      `veo_image_to_video with model ${model}, one image_urls entry as the first frame (a second one is the last frame), and a prompt that says what moves.`,
      "veo_get_task with wait_seconds 50.",
    ],
  },
  "combine-references": {
    title: "Combine people, things and places",
    steps: () => [
      "veo_image_to_video with model veo31-fast-ingredients and up to three image_urls, and a prompt that says how they meet.",
      "veo_get_task with wait_seconds 50.",
    ],
  },
  "longer-video": {
    title: "A longer video",
    steps: ({ videoId }) => [
      `veo_extend_video with video_id ${videoId} and a prompt of what happens next.`,
      "veo_get_task with wait_seconds 50; take the new video_id and extend again.",
      "Reshoot or edit objects before extending: an extended video takes neither.",
    ],
  },
  "another-camera": {
    title: "The same scene, another camera",
    steps: ({ videoId, motion }) => [
      `veo_reshoot with video_id ${videoId} and motion_type ${motion}.`,
      "veo_get_task with wait_seconds 50.",
    ],
  },
  "finish-and-deliver": {
    title: "Finish and deliver",
    steps: ({ videoId, taskId }) => [
      `veo_get_task with task_id ${taskId} for a fresh link.`,
      `veo_upsample with video_id ${videoId} and action 1080p or 4k; gif for a preview.`,
      "veo_get_task with wait_seconds 50.",
    ],
  },
};

export const workflowExamples: Prompt = {
  name: "veo_workflow_examples",
  title: "Workflows",
  description: "Worked examples of several tools in a row.",
  arguments: [
    {
      name: "workflow",
      description: `One of ${Object.keys(WORKFLOWS).join(", ")}; all when left out.`,
      complete: (typed) => beginningWith(Object.keys(WORKFLOWS), typed),
    },
    {
      name: "model",
      description: "The model to use.",
      complete: (typed) => beginningWith(MODEL_NAMES, typed),
    },
    {
      name: "motion_type",
      description: "The camera movement to use.",
      complete: (typed) => beginningWith(MOTION_NAMES, typed),
    },
    {
      name: "video_id",
      description: "A video of yours to work on.",
      complete: (typed, { ledger }) => ledger.videoIds(typed, MAX_COMPLETIONS),
    },
    {
      name: "task_id",
      description: "A task of yours to work on.",
      complete: (typed, { ledger }) => ledger.taskIds(typed, MAX_COMPLETIONS),
    },
  ],
  render: ({ workflow = "", model, motion_type, video_id, task_id }, { deployment }) => {
    const inputs = {
      model: model ?? deployment.defaultModel,
      motion: motion_type ?? "DOLLY_IN_ZOOM_OUT",
      videoId: video_id ?? "<video_id>",
      taskId: task_id ?? "<task_id>",
    };
    const chosen = Object.hasOwn(WORKFLOWS, workflow) ? [WORKFLOWS[workflow]] : Object.values(WORKFLOWS);
    const disabled = [...deployment.disabledTools];
    return chosen
      .flatMap((entry) => (entry === undefined ? [] : { title: entry.title, steps: entry.steps(inputs) }))
      .filter(({ steps }) => !steps.some((step) => disabled.some((tool) => step.includes(tool))))
      .map(
        ({ title, steps }) =>
          `## ${title}\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join("\n")}`,
      )
      .join("\n\n");
  },
};
