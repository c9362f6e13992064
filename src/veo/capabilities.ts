/**
 * What the upstream can do: the single truth about models, actions, images, ratios, resolutions, motions and
 * prices. Input schemas, checks, information tools and the README's tables are made from it, so they cannot
 * disagree. Facts: AceDataCloud's public documents, November 2026.
 */

export const MODELS = {
  "veo31-fast": {
    title: "Veo 3.1 Fast",
    tier: "fast",
    textToVideo: true,
    images: { min: 1, max: 2 },
    resolutions: ["1080p", "gif"],
    summary: "Quick and cheaper; the usual choice.",
  },
  veo31: {
    title: "Veo 3.1",
    tier: "quality",
    textToVideo: true,
    images: { min: 1, max: 2 },
    resolutions: ["1080p", "4k", "gif"],
    summary: "Best quality, slower and dearer; the only one with 4k.",
  },
  "veo31-fast-ingredients": {
    title: "Veo 3.1 Fast Ingredients",
    tier: "fast",
    textToVideo: false,
    images: { min: 1, max: 3 },
    resolutions: ["1080p", "gif"],
    summary: "Combines 1–3 reference images (people, things, places) into a new scene.",
  },
  "veo3-fast": {
    title: "Veo 3 Fast",
    tier: "fast",
    textToVideo: true,
    images: { min: 1, max: 2 },
    resolutions: ["1080p", "gif"],
    summary: "The previous generation, quick.",
  },
  veo3: {
    title: "Veo 3",
    tier: "quality",
    textToVideo: true,
    images: { min: 1, max: 2 },
    resolutions: ["1080p", "gif"],
    summary: "The previous generation, quality.",
  },
} as const satisfies Record<string, ModelFacts>;

interface ModelFacts {
  title: string;
  tier: "fast" | "quality";
  textToVideo: boolean;
  /** How many reference images image-to-video takes with this model. */
  images: { min: number; max: number };
  /** What can be asked for beside 720p, which is what comes when nothing is asked. */
  resolutions: readonly Resolution[];
  summary: string;
}

export type Model = keyof typeof MODELS;
export type Resolution = "1080p" | "4k" | "gif";

const isModel = (name: string): name is Model => Object.hasOwn(MODELS, name);
export const MODEL_NAMES = Object.keys(MODELS).filter(isModel);
export const TEXT_TO_VIDEO_MODELS = MODEL_NAMES.filter((name) => MODELS[name].textToVideo);
/** The one model whose image-to-video is the upstream's `ingredients2video`. */
export const INGREDIENTS_MODEL = "veo31-fast-ingredients" satisfies Model;
export const DEFAULT_MODEL = "veo31-fast" satisfies Model;

export const ASPECT_RATIOS = ["16:9", "9:16"] as const;
/** `720p` is what the upstream makes when it is told nothing, so it is accepted and left out on the wire. */
export const RESOLUTIONS = ["720p", "1080p", "4k", "gif"] as const;
export const UPSAMPLE_ACTIONS = ["1080p", "4k", "gif"] as const;
export const EXTEND_MODELS = ["veo31-fast", "veo31"] as const satisfies readonly Model[];
export const EXTEND_RESOLUTIONS = ["720p", "1080p"] as const;
export const OBJECT_ACTIONS = ["insert", "remove"] as const;

export const MOTIONS = {
  STATIONARY: "camera stays where it is",
  STATIONARY_UP: "camera stays, scene moves up",
  STATIONARY_DOWN: "camera stays, scene moves down",
  STATIONARY_LEFT: "camera stays, scene moves left",
  STATIONARY_RIGHT: "camera stays, scene moves right",
  STATIONARY_DOLLY_IN_ZOOM_OUT: "subject keeps its size, background recedes",
  STATIONARY_DOLLY_OUT_ZOOM_IN: "subject keeps its size, background closes in",
  UP: "camera rises",
  DOWN: "camera sinks",
  LEFT_TO_RIGHT: "camera travels left to right",
  RIGHT_TO_LEFT: "camera travels right to left",
  FORWARD: "camera moves forward",
  BACKWARD: "camera moves back",
  DOLLY_IN_ZOOM_OUT: "dolly in while zooming out",
  DOLLY_OUT_ZOOM_IN: "dolly out while zooming in",
} as const;
export type Motion = keyof typeof MOTIONS;
const isMotion = (name: string): name is Motion => Object.hasOwn(MOTIONS, name);
export const MOTION_NAMES = Object.keys(MOTIONS).filter(isMotion);

/** Values that once were right, and what to say instead of them. */
export const RETIRED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  model: { veo2: "veo31", "veo2-fast": "veo31-fast" },
  aspect_ratio: { "4:3": "16:9", "3:4": "9:16", "1:1": "16:9 or 9:16" },
};

/** Published prices in credits. What is missing here is not published, and no number is invented for it. */
export const PRICES: Readonly<Record<string, number>> = {
  "upsample:1080p": 0.16,
  "upsample:4k": 0.5,
  "upsample:gif": 0.13,
  "extend:veo31-fast": 1.68,
  "extend:veo31": 12,
  reshoot: 1.2,
  objects: 1.5,
};

/** How long a generation usually takes; the upstream's own figure is 60–180 s. */
export const TYPICAL_SECONDS = { min: 60, max: 180 } as const;

/** The seven operations that cost credits, by the tool that offers them. */
export const ACTIONS = {
  veo_text_to_video: {
    title: "Text to video",
    wire: "text2video",
    path: "/veo/videos",
    summary: "A new video from a description.",
  },
  veo_image_to_video: {
    title: "Image to video",
    wire: "image2video, ingredients2video",
    path: "/veo/videos",
    summary: "Animate a first frame, join a first and a last frame, or combine up to three references.",
  },
  veo_get_1080p: {
    title: "1080p version",
    wire: "get1080p",
    path: "/veo/videos",
    summary: "The older name of upsampling to 1080p.",
  },
  veo_upsample: {
    title: "Upsample",
    wire: "1080p, 4k, gif",
    path: "/veo/upsample",
    summary: "A finished video as 1080p, 4k or GIF.",
  },
  veo_extend_video: {
    title: "Extend",
    wire: "extend",
    path: "/veo/extend",
    summary: "Continue a finished video; the result can be extended again.",
  },
  veo_reshoot: {
    title: "Reshoot",
    wire: "reshoot",
    path: "/veo/reshoot",
    summary: "The same scene with another camera movement. Not for an extended video.",
  },
  veo_video_objects: {
    title: "Edit objects",
    wire: "insert, remove",
    path: "/veo/objects",
    summary: "Add an object by description, or remove what a mask marks. Not for an extended video.",
  },
} as const;
export type PaidTool = keyof typeof ACTIONS;
const isPaidTool = (name: string): name is PaidTool => Object.hasOwn(ACTIONS, name);
export const PAID_TOOLS = Object.keys(ACTIONS).filter(isPaidTool);
