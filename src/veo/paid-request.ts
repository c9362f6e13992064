import type { Model, Motion, Resolution } from "./capabilities.ts";
import { cut } from "./upstream-text.ts";

/** A paid call as it goes over the wire, without `async` and `callback_url`, which the client adds. */
export type PaidRequest =
  | { path: "/veo/videos"; body: VideosBody }
  | { path: "/veo/upsample"; body: { video_id: string; action: Resolution } }
  | { path: "/veo/extend"; body: ExtendBody }
  | { path: "/veo/reshoot"; body: { video_id: string; motion_type: Motion } }
  | { path: "/veo/objects"; body: ObjectsBody };

export type VideosBody =
  | {
      action: "text2video" | "image2video" | "ingredients2video";
      prompt: string;
      model: Model;
      aspect_ratio: string;
      translation: boolean;
      image_urls?: string[];
      resolution?: Resolution;
    }
  | { action: "get1080p"; video_id: string; model: Model };

export interface ExtendBody {
  video_id: string;
  model: Model;
  prompt?: string;
  aspect_ratio?: string;
  resolution?: Resolution;
}

export interface ObjectsBody {
  video_id: string;
  action: "insert" | "remove";
  prompt?: string;
  image_mask?: string;
}

/**
 * What of a request may be kept and shown: an allow-list, so that masks, callback addresses and whatever the
 * upstream adds to its records one day stay inside.
 */
const PUBLIC_FIELDS = [
  "action",
  "prompt",
  "model",
  "aspect_ratio",
  "resolution",
  "image_urls",
  "translation",
  "video_id",
  "motion_type",
] as const;
export type PublicRequest = Partial<Record<(typeof PUBLIC_FIELDS)[number], string | boolean | string[]>>;

/** The showable part of a request body, ours or one that an upstream record carries; anything else is left out. */
export function publicRequest(body: unknown): PublicRequest {
  if (typeof body !== "object" || body === null) return {};
  const source = new Map<string, unknown>(Object.entries(body));
  const shown: PublicRequest = {};
  for (const field of PUBLIC_FIELDS) {
    const value = source.get(field);
    if (typeof value === "string" || typeof value === "boolean") shown[field] = value;
    else if (Array.isArray(value)) shown[field] = value.filter((item) => typeof item === "string");
  }
  return shown;
}

const MAX_TEXT_CHARS = 10_000;
const MAX_TEXTS = 20;

/**
 * As much of a request as fits into a row (2 MB). Ours are short; one that was made elsewhere may have a picture in it,
 * or whatever the upstream shows of it.
 */
export function shortRequest(request: PublicRequest): PublicRequest {
  const short = (text: string) => cut(text, MAX_TEXT_CHARS);
  return Object.fromEntries(
    Object.entries(request).map(([field, value]) => {
      if (typeof value === "string") return [field, short(value)];
      return [field, Array.isArray(value) ? value.slice(0, MAX_TEXTS).map(short) : value];
    }),
  );
}
