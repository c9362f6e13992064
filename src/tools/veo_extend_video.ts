import { z } from "zod";
import { DEFAULT_MODEL, EXTEND_MODELS, EXTEND_RESOLUTIONS } from "../veo/capabilities.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import { aspectRatioField, onTheWire, promptField, submissionFields, videoIdField } from "./fields.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoExtendVideo = defineTool({
  name: "veo_extend_video",
  title: "Extend video",
  description:
    "Continue a finished video. The result can be extended again, but not reshot or object-edited. Spends credits (veo31 about seven times those of veo31-fast). Answers at once with a task; then call veo_get_task.",
  annotations: SPENDS,
  input: () =>
    z.strictObject({
      video_id: videoIdField,
      model: z
        .enum(EXTEND_MODELS)
        .default(DEFAULT_MODEL)
        .describe("veo31-fast is quick and cheap, veo31 best."),
      prompt: promptField.optional().describe("What happens next."),
      aspect_ratio: aspectRatioField.optional(),
      resolution: z.enum(EXTEND_RESOLUTIONS).optional().describe("Default 720p."),
      ...submissionFields,
    }),
  output: submissionSchema,
  run: (args, context) => {
    const { video_id, model, prompt, aspect_ratio } = args;
    const resolution = onTheWire(args.resolution);
    return submitOrder(
      {
        tool: "veo_extend_video",
        request: {
          path: "/veo/extend",
          body: {
            video_id,
            model,
            ...(prompt !== undefined && { prompt }),
            ...(aspect_ratio !== undefined && { aspect_ratio }),
            ...(resolution !== undefined && { resolution }),
          },
        },
        callbackUrl: args.callback_url,
        idempotencyKey: args.idempotency_key,
      },
      context,
    );
  },
});
