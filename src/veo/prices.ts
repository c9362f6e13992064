import { MODEL_NAMES, type Model, PRICES, RESOLUTIONS } from "./capabilities.ts";
import type { PaidRequest } from "./paid-request.ts";

/** Credits by what is bought. */
export type Prices = Readonly<Record<string, number>>;

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

const videoKeys = (action: string, model: Model): string[] =>
  RESOLUTIONS.map((resolution) =>
    resolution === "720p" ? `${action}:${model}` : `${action}:${model}:${resolution}`,
  );

/** Everything that has, or can be given, a price. */
export const PRICE_KEYS: readonly string[] = [
  ...["text2video", "image2video", "ingredients2video"].flatMap((action) =>
    MODEL_NAMES.flatMap((model) => videoKeys(action, model)),
  ),
  ...Object.keys(PRICES),
];
