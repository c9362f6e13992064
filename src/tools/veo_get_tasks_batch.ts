import { z } from "zod";
import { invalid, ok } from "../errors.ts";
import { idArgument } from "./arguments.ts";
import { defineTool, QUERIES } from "./define-tool.ts";
import { listedTaskSchema, taskBrief } from "./task-answer.ts";

const MAX_TASKS = 50;
const ids = (what: string) =>
  z
    .array(idArgument)
    .max(MAX_TASKS, `takes at most ${MAX_TASKS} ids`)
    .optional()
    .describe(`${what}, at most ${MAX_TASKS}.`);
/** Unix seconds, as the upstream filters by; the year 2286 is the end of its ten digits. */
const unixSeconds = (what: string) =>
  z
    .number()
    .min(0, "must be at least 0")
    .max(9_999_999_999, "must be in seconds, not milliseconds")
    .optional()
    .describe(what);

export const veoGetTasksBatch = defineTool({
  name: "veo_get_tasks_batch",
  title: "Get several tasks",
  description:
    "How several videos stand, by ids; without ids, the account's history, newest first. Free, and never waits for news. To search by words of the prompt use veo_list_tasks.",
  annotations: QUERIES,
  input: () =>
    z.strictObject({
      task_ids: ids("task_ids or submission_ids"),
      trace_ids: ids("trace_ids, in place of task_ids"),
      offset: z
        .int("must be a whole number")
        .min(0, "must be at least 0")
        .max(1_000_000, "must be at most 1000000")
        .default(0)
        .describe("History: tasks to skip."),
      limit: z
        .int("must be a whole number")
        .min(1, "must be at least 1")
        .max(MAX_TASKS, `must be at most ${MAX_TASKS}`)
        .default(12)
        .describe("History: tasks to return."),
      type: idArgument.optional().describe("History: only tasks of this upstream type, such as videos."),
      created_at_min: unixSeconds("History: created at or after, Unix seconds."),
      created_at_max: unixSeconds("History: created at or before, Unix seconds."),
    }),
  output: z.object({
    tasks: z.array(listedTaskSchema),
    count: z.number(),
    not_found: z.array(z.string()).optional(),
  }),
  async run(args, { ledger, ownsToken, signal }) {
    const { task_ids = [], trace_ids = [] } = args;
    if (task_ids.length > 0 && trace_ids.length > 0) return invalid("Give task_ids or trace_ids, not both.");
    if (task_ids.length + trace_ids.length > 0) {
      const references = [
        ...task_ids.map((taskId) => ({ taskId })),
        ...trace_ids.map((traceId) => ({ traceId })),
      ];
      const polled = await ledger.pollMany(references, { mayAdopt: ownsToken, signal });
      if (!polled.ok) return polled;
      const { tasks, notFound } = polled.value;
      return ok({
        structured: {
          tasks: tasks.map(taskBrief),
          count: tasks.length,
          ...(notFound.length > 0 && { not_found: notFound }),
        },
      });
    }
    const page = {
      offset: args.offset,
      limit: args.limit,
      type: args.type,
      createdFromMs: args.created_at_min && args.created_at_min * 1000,
      createdToMs: args.created_at_max && args.created_at_max * 1000,
    };
    // Where a token serves several people, the upstream's history shows everybody's tasks: the ledger answers.
    const history = ownsToken
      ? await ledger.history(page, signal)
      : ok(ledger.list(page, page.limit, undefined, page.offset));
    if (!history.ok) return history;
    return ok({ structured: { tasks: history.value.map(taskBrief), count: history.value.length } });
  },
});
