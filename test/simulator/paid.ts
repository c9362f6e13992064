import { z } from "zod";
import type { JsonObject } from "./wire.ts";

/** The calls that cost money. */
export const PAID_PATHS = [
  "/veo/videos",
  "/veo/upsample",
  "/veo/extend",
  "/veo/reshoot",
  "/veo/objects",
] as const;

export type PaidPath = (typeof PAID_PATHS)[number];

const MODELS = ["veo3", "veo3-fast", "veo31", "veo31-fast", "veo31-fast-ingredients"] as const;
const DEFAULT_MODEL = "veo31-fast";
const INGREDIENTS_MODEL = "veo31-fast-ingredients";
const MOTION_TYPES = [
  "STATIONARY",
  "STATIONARY_UP",
  "STATIONARY_DOWN",
  "STATIONARY_LEFT",
  "STATIONARY_RIGHT",
  "STATIONARY_DOLLY_IN_ZOOM_OUT",
  "STATIONARY_DOLLY_OUT_ZOOM_IN",
  "UP",
  "DOWN",
  "LEFT_TO_RIGHT",
  "RIGHT_TO_LEFT",
  "FORWARD",
  "BACKWARD",
  "DOLLY_IN_ZOOM_OUT",
  "DOLLY_OUT_ZOOM_IN",
] as const;

const httpUrl = z.url({ protocol: /^https?$/ });
const filled = z.string().min(1);
const delivery = { callback_url: httpUrl.optional(), async: z.boolean().optional() };
const aspectRatio = z.enum(["16:9", "9:16"]);

const videosSchema = z
  .strictObject({
    action: z.enum(["text2video", "image2video", "ingredients2video", "get1080p"]),
    prompt: filled.optional(),
    model: z.enum(MODELS, { error: "model is not supported" }).optional(),
    aspect_ratio: aspectRatio.optional(),
    // 720p is said by leaving the parameter out.
    resolution: z.enum(["1080p", "4k", "gif"]).optional(),
    image_urls: z.array(httpUrl).optional(),
    translation: z.boolean().optional(),
    video_id: filled.optional(),
    ...delivery,
  })
  .check((context) => {
    const complaint = complaintAboutVideos(context.value);
    if (complaint !== undefined)
      context.issues.push({ code: "custom", message: complaint, input: context.value });
  });

const upsampleSchema = z.strictObject({
  video_id: filled,
  action: z.enum(["1080p", "4k", "gif"]),
  ...delivery,
});

const extendSchema = z.strictObject({
  video_id: filled,
  model: z.enum(["veo31-fast", "veo31"], { error: "model is not supported" }),
  prompt: filled.optional(),
  aspect_ratio: aspectRatio.optional(),
  resolution: z.enum(["720p", "1080p"]).optional(),
  ...delivery,
});

const reshootSchema = z.strictObject({ video_id: filled, motion_type: z.enum(MOTION_TYPES), ...delivery });

const mask = z.union([
  httpUrl,
  z
    .string()
    .regex(/^(data:image\/jpeg;base64,)?[A-Za-z0-9+/]+={0,2}$/, "image_mask: neither a URL nor base64 JPEG"),
]);

const objectsSchema = z.discriminatedUnion("action", [
  z.strictObject({
    action: z.literal("insert"),
    video_id: filled,
    prompt: filled,
    image_mask: mask.optional(),
    ...delivery,
  }),
  z.strictObject({
    action: z.literal("remove"),
    video_id: filled,
    prompt: filled.optional(),
    image_mask: mask,
    ...delivery,
  }),
]);

const SCHEMA_OF_PATH: Record<PaidPath, z.ZodType> = {
  "/veo/videos": videosSchema,
  "/veo/upsample": upsampleSchema,
  "/veo/extend": extendSchema,
  "/veo/reshoot": reshootSchema,
  "/veo/objects": objectsSchema,
};

/** What of a valid body the simulator acts on. */
const orderSchema = z.object({
  prompt: z.string().default(""),
  action: z.string().optional(),
  resolution: z.string().optional(),
  video_id: z.string().optional(),
  callback_url: z.string().optional(),
  async: z.boolean().default(false),
});

export type PaidOrder = z.infer<typeof orderSchema>;

/**
 * Checks a paid body as the contract says. Parameters outside the contract are refused too, although the
 * real API may overlook them: a stand-in is there to notice them.
 */
export function readPaidOrder(
  path: PaidPath,
  body: JsonObject,
): { readonly order: PaidOrder } | { readonly complaint: string } {
  const checked = SCHEMA_OF_PATH[path].safeParse(body);
  if (checked.success) return { order: orderSchema.parse(body) };
  const issue = checked.error.issues[0];
  const parameter = issue?.path.join(".") ?? "";
  const message = issue?.message ?? "wrong";
  const namesItself = parameter === "" || message.startsWith(parameter);
  return { complaint: namesItself ? message : `${parameter}: ${message}` };
}

function complaintAboutVideos(body: z.infer<typeof videosSchema>): string | undefined {
  const images = body.image_urls?.length ?? 0;
  if (body.action === "get1080p") {
    if (body.video_id === undefined) return "video_id: required for get1080p";
    return body.model === undefined ? "model: required for get1080p" : undefined;
  }
  const model = body.model ?? DEFAULT_MODEL;
  if (body.video_id !== undefined) return "video_id: only for get1080p";
  if (body.resolution === "4k" && model !== "veo31") return "resolution: 4k is for veo31 only";
  switch (body.action) {
    case "text2video":
      if (body.prompt === undefined) return "prompt: required for text2video";
      if (model === INGREDIENTS_MODEL) return `model: ${INGREDIENTS_MODEL} cannot do text2video`;
      return images > 0 ? "image_urls: not for text2video" : undefined;
    case "image2video":
      return images < 1 || images > 2 ? "image_urls: image2video takes 1 or 2" : undefined;
    case "ingredients2video":
      if (model !== INGREDIENTS_MODEL) return `model: ingredients2video needs ${INGREDIENTS_MODEL}`;
      return images < 1 || images > 3 ? "image_urls: ingredients2video takes 1 to 3" : undefined;
  }
}
