import {
  INGREDIENTS_MODEL,
  MODEL_NAMES,
  MODELS,
  type Model,
  type PaidTool,
  PRICES,
  TEXT_TO_VIDEO_MODELS,
} from "./capabilities.ts";
import type { PaidRequest } from "./paid-request.ts";

/** @returns what a request buys, as prices are named: another resolution of a new video may have another price. */
export function priceKeyOf({ path, body }: PaidRequest): string {
  switch (path) {
    case "/veo/videos":
      if (body.action === "get1080p") return "upsample:1080p";
      return [body.action, body.model, ...(body.resolution === undefined ? [] : [body.resolution])].join(":");
    case "/veo/upsample":
      return `upsample:${body.action}`;
    case "/veo/extend":
      return `extend:${body.model}`;
    case "/veo/reshoot":
      return "reshoot";
    case "/veo/objects":
      return "objects";
  }
}

const videoKeys = (action: string, models: readonly Model[]): string[] =>
  models.flatMap((model) => [
    `${action}:${model}`,
    ...MODELS[model].resolutions.map((resolution) => `${action}:${model}:${resolution}`),
  ]);

/** Everything that has, or can be given, a price. */
export const PRICE_KEYS: readonly string[] = [
  ...videoKeys("text2video", TEXT_TO_VIDEO_MODELS),
  ...videoKeys(
    "image2video",
    MODEL_NAMES.filter((model) => model !== INGREDIENTS_MODEL),
  ),
  ...videoKeys("ingredients2video", [INGREDIENTS_MODEL]),
  ...Object.keys(PRICES),
];

/** How the names of prices begin of what a tool makes. */
const PRICED_AS: Record<PaidTool, readonly string[]> = {
  veo_text_to_video: ["text2video:"],
  veo_image_to_video: ["image2video:", "ingredients2video:"],
  veo_get_1080p: ["upsample:1080p"],
  veo_upsample: ["upsample:"],
  veo_extend_video: ["extend:"],
  veo_reshoot: ["reshoot"],
  veo_video_objects: ["objects"],
};

/** @returns what is known of the prices of what a tool makes, in credits by name. */
export const pricesOf = (tool: PaidTool, prices: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(prices).filter(([key]) => PRICED_AS[tool].some((beginning) => key.startsWith(beginning))),
  );
