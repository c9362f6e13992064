import { z } from "zod";
import { UPSAMPLE_ACTIONS } from "../veo/capabilities.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import { submissionFields, videoIdField } from "./fields.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoUpsample = defineTool({
  name: "veo_upsample",
  title: "Upsample",
  description:
    "A finished video in higher resolution, or as a GIF. Spends credits. Answers at once with a task; then call veo_get_task.",
  annotations: SPENDS,
  input: () =>
    z.strictObject({
      video_id: videoIdField,
      action: z.enum(UPSAMPLE_ACTIONS).default("1080p").describe("What to make of it."),
      ...submissionFields,
    }),
  output: submissionSchema,
  run: ({ video_id, action, callback_url, idempotency_key }, context) =>
    submitOrder(
      {
        tool: "veo_upsample",
        request: { path: "/veo/upsample", body: { video_id, action } },
        callbackUrl: callback_url,
        idempotencyKey: idempotency_key,
      },
      context,
    ),
});
