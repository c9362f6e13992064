import { z } from "zod";
import { invalid } from "../errors.ts";
import { MODELS } from "../veo/capabilities.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import {
  aspectRatioField,
  onTheWire,
  promptField,
  resolutionField,
  resolutionProblem,
  submissionFields,
  textModelField,
  translationField,
} from "./fields.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoTextToVideo = defineTool({
  name: "veo_text_to_video",
  title: "Text to video",
  description:
    "Make a video with native audio from a description. Spends credits. Answers at once with a task; the video takes 1 to 3 minutes: then call veo_get_task. With pictures to start from, use veo_image_to_video.",
  annotations: SPENDS,
  input: (deployment) =>
    z.strictObject({
      prompt: promptField.describe("Subject, action, setting, camera, style, light, sound."),
      model: textModelField(deployment),
      aspect_ratio: aspectRatioField.default("16:9"),
      translation: translationField,
      resolution: resolutionField.optional(),
      ...submissionFields,
    }),
  output: submissionSchema,
  async run(args, context) {
    const { prompt, model, aspect_ratio, translation } = args;
    const resolution = onTheWire(args.resolution);
    const problem = resolutionProblem(model, resolution, MODELS[model].resolutions);
    if (problem !== undefined) return invalid(problem);
    return submitOrder(
      {
        tool: "veo_text_to_video",
        request: {
          path: "/veo/videos",
          body: {
            action: "text2video",
            prompt,
            model,
            aspect_ratio,
            translation,
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
