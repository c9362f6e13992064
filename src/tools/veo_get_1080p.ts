import { z } from "zod";
import { defineTool, SPENDS } from "./define-tool.ts";
import { modelField, submissionFields, videoIdField } from "./fields.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoGet1080p = defineTool({
  name: "veo_get_1080p",
  title: "1080p version",
  description:
    "The 1080p version of a finished video, kept for older prompts: veo_upsample does the same and more. Spends credits. Answers at once with a task.",
  annotations: SPENDS,
  input: (deployment) =>
    z.strictObject({
      video_id: videoIdField,
      model: modelField(deployment).describe("The model that made the video."),
      idempotency_key: submissionFields.idempotency_key,
    }),
  output: submissionSchema,
  run: ({ video_id, model, idempotency_key }, context) =>
    submitOrder(
      {
        tool: "veo_get_1080p",
        request: { path: "/veo/videos", body: { action: "get1080p", video_id, model } },
        idempotencyKey: idempotency_key,
      },
      context,
    ),
});
