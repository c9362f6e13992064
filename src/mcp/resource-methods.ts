import type { CallerContext } from "../tools/define-tool.ts";
import { promptGuideMarkdown } from "../tools/prompt-guide.ts";
import { taskAnswer } from "../tools/task-answer.ts";
import { modelsAnswer } from "../tools/veo_list_models.ts";
import { ProtocolProblem } from "./problem.ts";
import { MAX_COMPLETIONS } from "./prompts/define-prompt.ts";

/** How long a client may keep what it read: the static ones change only with a deployment. */
export interface Caching {
  ttlMs: number;
  cacheScope: "public" | "private";
}
export const STATIC_CACHING: Caching = { ttlMs: 3_600_000, cacheScope: "public" };
const TASK_CACHING: Caching = { ttlMs: 0, cacheScope: "private" };

const STATIC = [
  {
    uri: "veo://models",
    name: "models",
    title: "Models",
    description: "What each model can do, as JSON.",
    mimeType: "application/json",
    read: ({ deployment }: CallerContext) => JSON.stringify(modelsAnswer(deployment)),
  },
  {
    uri: "veo://guide",
    name: "guide",
    title: "Prompt guide",
    description: "How to write a prompt that makes a good video.",
    mimeType: "text/markdown",
    read: () => promptGuideMarkdown(),
  },
] as const;

const TASK_URI = /^veo:\/\/tasks\/([\w.:-]{1,128})$/;
const TASK_TEMPLATE = "veo://tasks/{id}";
/** @returns the resource of a task, by either of its ids. */
export const taskUri = (id: string): string => `veo://tasks/${id}`;

/** What `resources/list` answers. */
export const listResources = () => STATIC.map(({ read: _, ...resource }) => resource);

/** What `resources/templates/list` answers. */
export const listResourceTemplates = () => [
  {
    uriTemplate: TASK_TEMPLATE,
    name: "task",
    title: "Task",
    description: "One task as veo_get_task shows it, by task_id or submission_id.",
    mimeType: "application/json",
  },
];

/** What `resources/read` answers, and how long it may be kept. A task is read from the ledger, without the upstream. */
export function readResource(uri: string, context: CallerContext) {
  const fixed = STATIC.find((resource) => resource.uri === uri);
  if (fixed !== undefined)
    return {
      contents: [{ uri, mimeType: fixed.mimeType, text: fixed.read(context) }],
      caching: STATIC_CACHING,
    };
  const id = TASK_URI.exec(uri)?.[1];
  const task = id === undefined ? undefined : context.ledger.find({ taskId: id });
  if (task === undefined) throw new ProtocolProblem("resource_not_found", "Resource not found", uri);
  const text = JSON.stringify(taskAnswer(task, context));
  return { contents: [{ uri, mimeType: "application/json", text }], caching: TASK_CACHING };
}

/**
 * What a client may subscribe to: `changing` is a task of the account, `static` never changes, `foreign` is not of
 * this server's scheme, and `unknown` is what it does not have.
 */
export type Subscribable = "changing" | "static" | "foreign" | "unknown";

export function subscribable(uri: string, { ledger }: CallerContext): Subscribable {
  if (!uri.startsWith("veo://")) return "foreign";
  if (STATIC.some((resource) => resource.uri === uri)) return "static";
  const id = TASK_URI.exec(uri)?.[1];
  return id !== undefined && ledger.find({ taskId: id }) !== undefined ? "changing" : "unknown";
}

/** @returns completions of the template's variable: task ids of the account. */
export function completeResource(
  uriTemplate: string,
  variable: string,
  typed: string,
  { ledger }: CallerContext,
): string[] {
  if (uriTemplate !== TASK_TEMPLATE)
    throw new ProtocolProblem("invalid_params", `Unknown resource template: ${uriTemplate.slice(0, 64)}`);
  return variable === "id" ? ledger.taskIds(typed, MAX_COMPLETIONS) : [];
}
