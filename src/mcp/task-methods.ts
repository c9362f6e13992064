import { ProtocolProblem } from "./problem.ts";
import type { TaskDirectory, TaskView } from "./task-directory.ts";

/** What is said of a request in which something is missing, or is not what it has to be. */
const malformed = (what: string) => new ProtocolProblem("invalid_params", `Invalid params: ${what}`);
/** The same for an id that nobody has and for one of another account: nobody learns which there are. */
const taskNotFound = () => new ProtocolProblem("invalid_params", "Task not found");

function idIn(taskId: unknown): string {
  if (typeof taskId !== "string") throw malformed("taskId must be a string");
  return taskId;
}

/** The methods of the Tasks extension, whose errors the modern lane puts into its SDK's words. */
export function taskMethods(tasks: TaskDirectory) {
  return {
    /** What `tasks/get` answers. */
    async get(taskId: unknown): Promise<TaskView> {
      const view = await tasks.get(idIn(taskId));
      if (view === undefined) throw taskNotFound();
      return view;
    },
    /** What `tasks/cancel` answers: that it was heard. */
    async cancel(taskId: unknown): Promise<Record<string, never>> {
      if (!(await tasks.cancel(idIn(taskId)))) throw taskNotFound();
      return {};
    },
    /** What `tasks/update` answers: that it was heard. */
    async update(
      taskId: unknown,
      responses: Record<string, unknown> | undefined,
    ): Promise<Record<string, never>> {
      const id = idIn(taskId);
      if (responses === undefined) throw malformed("inputResponses must be an object");
      if (!(await tasks.update(id, responses))) throw taskNotFound();
      return {};
    },
  };
}
