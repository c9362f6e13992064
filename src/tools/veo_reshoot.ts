import { z } from "zod";
import { fail } from "../errors.ts";
import { MOTION_NAMES } from "../veo/capabilities.ts";
import { defineTool, SPENDS } from "./define-tool.ts";
import { submissionFields, videoIdField } from "./fields.ts";
import { isExtended } from "./is-extended.ts";
import { submissionSchema, submitOrder } from "./submission-answer.ts";

export const veoReshoot = defineTool({
  name: "veo_reshoot",
  title: "Reshoot",
  description:
    "The same scene with another camera movement. Not for an extended video. Spends credits. Answers at once with a task; then call veo_get_task.",
  annotations: SPENDS,
  input: () =>
    z.strictObject({
      video_id: videoIdField,
      motion_type: z.enum(MOTION_NAMES).describe("The camera's movement; veo_list_actions explains each."),
      ...submissionFields,
    }),
  output: submissionSchema,
  async run({ video_id, motion_type, callback_url, idempotency_key }, context) {
    if (isExtended(video_id, context))
      return fail({ kind: "extended_video", videoId: video_id, operation: "reshot" });
    return submitOrder(
      {
        tool: "veo_reshoot",
        request: { path: "/veo/reshoot", body: { video_id, motion_type } },
        callbackUrl: callback_url,
        idempotencyKey: idempotency_key,
      },
      context,
    );
  },
});
