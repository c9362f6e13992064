import { ProtocolProblem } from "./problem.ts";
import type { TaskDirectory, TaskView } from "./task-directory.ts";

/** The methods of the Tasks extension, whose errors the modern lane puts into its SDK's words. */
export function taskMethods(tasks: TaskDirectory) {
  return {
    /** What `tasks/get` answers. */
    async get(taskId: string): Promise<TaskView> {
      const view = await tasks.get(taskId);
      if (view === undefined) throw taskNotFound();
      return view;
    },
    /** What `tasks/cancel` answers: that it was heard. */
    async cancel(taskId: string): Promise<Record<string, never>> {
      if (!(await tasks.cancel(taskId))) throw taskNotFound();
      return {};
    },
    /** What `tasks/update` answers: that it was heard. */
    async update(taskId: string, responses: Record<string, unknown>): Promise<Record<string, never>> {
      if (!(await tasks.update(taskId, responses))) throw taskNotFound();
      return {};
    },
  };
}

/** The same for an id that nobody has and for one of another account: nobody learns which there are. */
const taskNotFound = () => new ProtocolProblem("invalid_params", "Task not found");
