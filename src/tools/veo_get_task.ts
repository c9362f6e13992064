import { z } from "zod";
import { invalid, ok } from "../errors.ts";
import { idArgument } from "./arguments.ts";
import { defineTool, QUERIES } from "./define-tool.ts";
import { taskAnswer, taskAnswerSchema, taskLinks } from "./task-answer.ts";

export const veoGetTask = defineTool({
  name: "veo_get_task",
  title: "Get task",
  description:
    "How a video stands, and its links when it is done. Free. Give wait_seconds 50 to be answered as soon as there is news; polling faster than every 15 s does not make it faster. For several tasks use veo_get_tasks_batch, to find one veo_list_tasks.",
  annotations: QUERIES,
  input: () =>
    z.strictObject({
      task_id: idArgument.optional().describe("task_id or submission_id; or else give trace_id."),
      trace_id: idArgument.optional().describe("The trace_id, in place of a task_id."),
      wait_seconds: z
        .int("must be a whole number")
        .min(0, "must be at least 0")
        .max(50, "must be at most 50")
        .optional()
        .describe("Wait so long for news; 0 never waits."),
    }),
  output: taskAnswerSchema,
  async run({ task_id, trace_id, wait_seconds }, context) {
    const { ledger, ownsToken, signal, onProgress } = context;
    if ((task_id === undefined) === (trace_id === undefined))
      return invalid("Give exactly one of task_id and trace_id.");
    const reference = task_id === undefined ? { traceId: trace_id ?? "" } : { taskId: task_id };
    const waitMs = wait_seconds === undefined ? undefined : wait_seconds * 1000;
    const polled = await ledger.poll(reference, { waitMs, mayAdopt: ownsToken, signal, onProgress });
    if (!polled.ok) return polled;
    return ok({ structured: taskAnswer(polled.value, context), links: taskLinks(polled.value) });
  },
});
