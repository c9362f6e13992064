import {
  INGREDIENTS_MODEL,
  MODEL_NAMES,
  MODELS,
  type Model,
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
