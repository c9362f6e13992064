import { z } from "zod";
import { fail, ok, type Result } from "../errors.ts";
import type { Order } from "../ledger/submission.ts";
import { isOpen, TASK_STATES, type Task } from "../ledger/task.ts";
import { TYPICAL_SECONDS } from "../veo/capabilities.ts";
import type { Answer, ToolContext } from "./define-tool.ts";
import { pollingFacts, taskAnswer, taskLinks } from "./task-answer.ts";

/**
 * A submission, or the task itself when it is already over: hence open to the fields of both. Only what the next
 * call needs is spelled out, since seven tools carry this schema into every conversation.
 */
export const submissionSchema = z.looseObject({
  submission_id: z.string(),
  task_id: z.string().optional(),
  state: z.enum(TASK_STATES),
  next_step: z.string(),
});

/** Sends an order, and answers at once with the task that came of it. */
export async function submitOrder(
  order: Order,
  context: ToolContext,
): Promise<Result<Answer<z.input<typeof submissionSchema>>>> {
  const videoId = sourceVideoOf(order);
  // One upstream token serves a whole team: a video that somebody else made is not there for this account.
  if (videoId !== undefined && !context.ownsToken && context.ledger.taskOfVideo(videoId) === undefined)
    return fail({ kind: "video_not_found", videoId });
  const submitted = await context.ledger.submit(order, context.callbackAddressFor);
  if (!submitted.ok) return submitted;
  const task = submitted.value;
  const taskId = task.submissionId;
  if (isOpen(task)) return ok({ structured: submissionAnswer(task, context), taskId });
  return ok({ structured: taskAnswer(task, context), links: taskLinks(task), taskId });
}

/** @returns the video that an order works on, if it works on one. */
const sourceVideoOf = ({ request: { body } }: Order): string | undefined =>
  "video_id" in body ? body.video_id : undefined;

function submissionAnswer(task: Task, context: ToolContext): z.input<typeof submissionSchema> {
  const id = task.taskId ?? task.submissionId;
  const { next_step } = taskAnswer(task, context);
  const { model } = task.request;
  return {
    submission_id: task.submissionId,
    ...(task.taskId !== null && { task_id: task.taskId }),
    ...(task.traceId !== null && { trace_id: task.traceId }),
    state: task.state,
    ...(task.tool !== null && { tool: task.tool }),
    ...(typeof model === "string" && { model }),
    submitted_at: new Date(task.createdAtMs).toISOString(),
    next_step,
    mcp_async_submission: {
      ...pollingFacts(task, id, next_step),
      expected_wait_seconds: TYPICAL_SECONDS.max,
    },
  };
}
