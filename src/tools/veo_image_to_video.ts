import { z } from "zod";
import { invalid } from "../errors.ts";
import { INGREDIENTS_MODEL, MODELS } from "../veo/capabilities.ts";
import { urlArgument } from "./arguments.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import {
  aspectRatioField,
  modelField,
  onTheWire,
  promptField,
  resolutionField,
  resolutionProblem,
  submissionFields,
  translationField,
} from "./fields.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoImageToVideo = defineTool({
  name: "veo_image_to_video",
  title: "Image to video",
  description: `Make a video from pictures and a description: 1 picture is the first frame, 2 are first and last frame; ${INGREDIENTS_MODEL} combines 1 to 3 reference pictures. Spends credits. Answers at once with a task; the video takes 1 to 3 minutes: then call veo_get_task.`,
  annotations: SPENDS,
  input: (deployment) =>
    z.strictObject({
      prompt: promptField.describe("What happens, how the camera moves, what is heard."),
      image_urls: z
        .array(urlArgument)
        .min(1, "needs at least 1 picture")
        .max(3, "takes at most 3 pictures")
        .describe(`http(s) URLs of pictures, in order: 1 or 2, or up to 3 with ${INGREDIENTS_MODEL}.`),
      model: modelField(deployment),
      aspect_ratio: aspectRatioField.default("16:9"),
      translation: translationField,
      resolution: resolutionField.optional(),
      ...submissionFields,
    }),
  output: submissionSchema,
  async run(args, context) {
    const { prompt, image_urls, model, aspect_ratio, translation } = args;
    const { images, resolutions } = MODELS[model];
    if (image_urls.length > images.max)
      return invalid(
        `${model} takes ${images.min} to ${images.max} image_urls, not ${image_urls.length}: use fewer, or ${INGREDIENTS_MODEL}.`,
      );
    const resolution = onTheWire(args.resolution);
    const problem = resolutionProblem(model, resolution, resolutions);
    if (problem !== undefined) return invalid(problem);
    return submitOrder(
      {
        tool: "veo_image_to_video",
        request: {
          path: "/veo/videos",
          body: {
            action: model === INGREDIENTS_MODEL ? "ingredients2video" : "image2video",
            prompt,
            image_urls,
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
