import { z } from "zod";
import { fail, invalid } from "../errors.ts";
import { OBJECT_ACTIONS } from "../veo/capabilities.ts";
import { isPublicUrl } from "./arguments.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import { promptField, submissionFields, videoIdField } from "./fields.ts";
import { isExtended } from "./is-extended.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

/** Below the limit of a request body, with room for the rest of the call. */
const MAX_MASK_CHARS = 900_000;
/** The first three bytes of every JPEG (FF D8 FF), in base64. */
const JPEG_START = "/9j/";
const DATA_URL = /^data:image\/jpeg;base64,/;

function isMask(text: string): boolean {
  if (/^https?:/i.test(text)) return isPublicUrl(text);
  const base64 = text.replace(DATA_URL, "");
  return base64.startsWith(JPEG_START) && /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(base64);
}

export const veoVideoObjects = defineTool({
  name: "veo_video_objects",
  title: "Edit objects",
  description:
    "Insert an object into a finished video by description, or remove what a mask marks. Not for an extended video. Spends credits. Answers at once with a task; then call veo_get_task.",
  annotations: SPENDS,
  input: () =>
    z.strictObject({
      video_id: videoIdField,
      action: z.enum(OBJECT_ACTIONS).describe("insert needs prompt, remove needs image_mask."),
      prompt: promptField.optional().describe("What to insert, and where."),
      image_mask: z
        .string()
        .max(MAX_MASK_CHARS, `must be at most ${MAX_MASK_CHARS} characters; pass a URL instead`)
        .refine(isMask, "must be an http(s) URL of a JPEG, or a JPEG in base64")
        .optional()
        .describe("JPEG, as URL or base64; white marks the region."),
      ...submissionFields,
    }),
  output: submissionSchema,
  async run(args, context) {
    const { video_id, action, prompt, image_mask } = args;
    if (action === "insert" && prompt === undefined)
      return invalid("prompt is required to insert an object.");
    if (action === "remove" && image_mask === undefined)
      return invalid("image_mask is required to remove an object.");
    if (isExtended(video_id, context))
      return fail({ kind: "extended_video", videoId: video_id, operation: "edited" });
    return submitOrder(
      {
        tool: "veo_video_objects",
        request: {
          path: "/veo/objects",
          body: {
            video_id,
            action,
            ...(prompt !== undefined && { prompt }),
            ...(image_mask !== undefined && { image_mask }),
          },
        },
        callbackUrl: args.callback_url,
        idempotencyKey: args.idempotency_key,
      },
      context,
    );
  },
});
