import { promptGuideMarkdown } from "../../tools/prompt-guide.ts";
import { ASPECT_RATIOS, TEXT_TO_VIDEO_MODELS } from "../../veo/capabilities.ts";
import { beginningWith, type Prompt } from "./define-prompt.ts";

/** Where a video is shown, and what that asks of it. */
const PLATFORMS: Readonly<Record<string, { ratio: (typeof ASPECT_RATIOS)[number]; say: string }>> = {
  youtube: { ratio: "16:9", say: "the first two seconds show the subject" },
  "youtube-shorts": { ratio: "9:16", say: "subject in the middle third, movement from the first frame" },
  tiktok: { ratio: "9:16", say: "subject in the middle third, movement from the first frame" },
  "instagram-reels": { ratio: "9:16", say: "subject in the middle third, clean background for captions" },
  presentation: { ratio: "16:9", say: "calm movement, room for a title" },
  website: { ratio: "16:9", say: "slow movement that may loop, no speech" },
};

export const videoGenerationGuide: Prompt = {
  name: "veo_video_generation_guide",
  title: "Make a video",
  description: "From an idea to a finished video, step by step.",
  arguments: [
    { name: "idea", description: "What the video should show." },
    {
      name: "platform",
      description: `Where it will be shown: ${Object.keys(PLATFORMS).join(", ")}.`,
      complete: (typed) => beginningWith(Object.keys(PLATFORMS), typed),
    },
    {
      name: "model",
      description: "The model to use.",
      complete: (typed) => beginningWith(TEXT_TO_VIDEO_MODELS, typed),
    },
    {
      name: "aspect_ratio",
      description: "16:9 or 9:16.",
      complete: (typed) => beginningWith(ASPECT_RATIOS, typed),
    },
  ],
  render: ({ idea, platform = "", model, aspect_ratio }, { deployment }) => {
    const place = Object.hasOwn(PLATFORMS, platform) ? PLATFORMS[platform] : undefined;
    const ratio = aspect_ratio ?? place?.ratio ?? "16:9";
    return [
      idea === undefined
        ? "I want to make a video. Ask me what it should show."
        : `I want to make a video of this idea: ${idea}`,
      place && `It will be shown on ${platform}: ${place.say}.`,
      "Please go about it like this:",
      `1. Write the prompt by the guide below, and show it to me.\n2. When I agree, call veo_text_to_video once, with model ${model ?? deployment.defaultModel} and aspect_ratio ${ratio}.${deployment.disabledTools.has("veo_image_to_video") ? "" : " With pictures of mine, call veo_image_to_video instead."}\n3. Call veo_get_task with the task_id and wait_seconds 50 until it has succeeded or failed, and show me the link.`,
      promptGuideMarkdown(),
    ]
      .filter((part) => part !== undefined)
      .join("\n\n");
  },
};
