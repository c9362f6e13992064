import { z } from "zod";
import { invalid, ok } from "../errors.ts";
import { TASK_STATES } from "../ledger/task.ts";
import { PAID_TOOLS } from "../veo/capabilities.ts";
import { defineTool, QUERIES } from "./define-tool.ts";
import { listedTaskSchema, taskBrief } from "./task-answer.ts";
import { cursorOf, positionOf } from "./task-cursor.ts";

const MAX_TASKS = 50;

export const veoListTasks = defineTool({
  name: "veo_list_tasks",
  title: "List tasks",
  description:
    "Find this account's videos again: newest first, by state, tool or words of the prompt. Free; reads what this server remembers and does not ask the upstream, so use veo_get_task for the latest state.",
  annotations: QUERIES,
  input: () =>
    z.strictObject({
      state: z.enum(TASK_STATES).optional().describe("Only tasks in this state."),
      tool: z.enum(PAID_TOOLS).optional().describe("Only tasks of this tool."),
      query: z
        .string()
        .min(1, "must not be empty")
        .max(200, "must be at most 200 characters")
        .optional()
        .describe("Words of the prompt; all must occur."),
      limit: z
        .int("must be a whole number")
        .min(1, "must be at least 1")
        .max(MAX_TASKS, `must be at most ${MAX_TASKS}`)
        .default(20)
        .describe("Tasks to return."),
      cursor: z.string().max(64, "is not one of ours").optional().describe("next_cursor of the page before."),
    }),
  output: z.object({
    tasks: z.array(listedTaskSchema),
    count: z.number(),
    next_cursor: z.string().optional(),
  }),
  async run({ state, tool, query, limit, cursor }, { ledger }) {
    const before = cursor === undefined ? undefined : positionOf(cursor);
    if (before === null)
      return invalid("cursor is not one of ours: use next_cursor of the page before, or none.");
    const page = ledger.list({ state, tool, query }, limit + 1, before);
    const tasks = page.slice(0, limit);
    const last = page.length > limit ? tasks.at(-1) : undefined;
    return ok({
      structured: {
        tasks: tasks.map(taskBrief),
        count: tasks.length,
        ...(last !== undefined && { next_cursor: cursorOf(last.position) }),
      },
    });
  },
});
