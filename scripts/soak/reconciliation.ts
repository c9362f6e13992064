import type { TaskView } from "../../test/simulator/task.ts";
import { isOver, type Row, type Usage } from "./ledger.ts";
import type { Story } from "./story.ts";

/** What the upstream was paid for, beside what the ledger has of it. */
export interface Entry {
  readonly task: TaskView;
  readonly rows: readonly Row[];
  /** What is wrong, in words; none when all is well. */
  readonly problems: readonly string[];
}

export interface Reconciliation {
  readonly entries: readonly Entry[];
  /** What the ledger has that the upstream was not paid for. */
  readonly unpaid: readonly { readonly row: Row; readonly problems: readonly string[] }[];
  /** All that is wrong, that of the entries included. */
  readonly problems: readonly string[];
}

export interface Accounts {
  readonly tasks: readonly TaskView[];
  readonly rows: readonly Row[];
  readonly stories: readonly Story[];
  readonly usage: Usage;
}

/** Compares the upstream's paid tasks with the ledger one by one, and the ledger with what people were told. */
export function reconcile({ tasks, rows, stories, usage }: Accounts): Reconciliation {
  const entries = tasks.map((task): Entry => {
    const own = rows.filter((row) => row.task_id === task.taskId);
    const [row] = own;
    if (row === undefined) return { task, rows: own, problems: ["lost: the ledger has no such task"] };
    const repeated = own.length > 1 ? [`in the ledger ${own.length} times`] : [];
    return { task, rows: own, problems: [...repeated, ...contradictions(task, row)] };
  });
  const paidIds = new Set(tasks.map(({ taskId }) => taskId));
  const unpaid = rows
    .filter((row) => row.task_id === undefined || !paidIds.has(row.task_id))
    .map((row) => ({ row, problems: problemsOfUnpaid(row) }));
  return {
    entries,
    unpaid,
    problems: [
      ...entries.flatMap(({ task, problems }) => problems.map((text) => `task ${task.taskId}: ${text}`)),
      ...unpaid.flatMap(({ row, problems }) => problems.map((text) => `${row.submission_id}: ${text}`)),
      ...paidTwice(tasks),
      ...stories.flatMap((story) => brokenWords(story, rows)),
      ...miscounted(usage, tasks.length),
    ],
  };
}

function contradictions(task: TaskView, row: Row): string[] {
  const made = task.state === "succeeded" ? task.videoIds : [];
  const shown = row.videos.map(({ video_id }) => video_id ?? "");
  return [
    ...(row.request.prompt === task.prompt ? [] : [`its prompt became "${row.request.prompt}"`]),
    ...(row.state === task.state ? [] : [`upstream it is ${task.state}, in the ledger ${row.state}`]),
    ...(isOver(row) ? [] : ["not at its end"]),
    ...(made.toSorted().join() === shown.toSorted().join()
      ? []
      : [`it shows ${shown.join(", ") || "nothing"}`]),
    ...row.videos
      .filter(({ video_id, video_url }) => video_id === undefined || !video_url.includes(video_id))
      .map(({ video_url }) => `the link of another video: ${video_url}`),
  ];
}

function problemsOfUnpaid({ task_id, state, error }: Row): string[] {
  if (task_id !== undefined) return [`task ${task_id} was never paid for`];
  if (state !== "failed") return [`not at its end: ${state}, and the upstream has no such task`];
  return error === undefined ? ["failed, and nobody says why"] : [];
}

/** Every order has a prompt of its own, and whoever made it wants one video. */
function paidTwice(tasks: readonly TaskView[]): string[] {
  return [...Map.groupBy(tasks, ({ prompt }) => prompt)].flatMap(([prompt, paid]) =>
    paid.length > 1 ? [`paid ${paid.length} times: ${prompt}`] : [],
  );
}

/** What somebody was told, and is not so. */
function brokenWords({ order, ids, ended, setbacks }: Story, rows: readonly Row[]): string[] {
  const own = rows.filter(({ request }) => request.prompt === order.args.prompt);
  const known = new Set(own.flatMap(({ submission_id, task_id }) => [submission_id, task_id]));
  return [
    ...[...ids]
      .filter((id) => !known.has(id))
      .map((id) => `${order.word} was given ${id}, which is not there`),
    ...(ended === undefined || own.some(({ state }) => state === ended)
      ? []
      : [`${order.word} was told that it ${ended}`]),
    ...setbacks
      .filter((code) => ["internal", "not_found", "idempotency_conflict"].includes(code))
      .map((code) => `${order.word} was answered ${code}`),
  ];
}

function miscounted({ last_30_days: { generations }, limits }: Usage, paid: number): string[] {
  const counts = [
    { limit: "veo_get_usage", used: generations },
    ...limits.filter(({ limit }) => limit.endsWith("DAILY_GENERATION_LIMIT")),
  ];
  return [
    ...counts.flatMap(({ limit, used }) => (used === paid ? [] : [`${limit} counts ${used} of ${paid}`])),
    ...limits.flatMap(({ limit, used }) =>
      limit.endsWith("IN_FLIGHT") && used > 0 ? [`${limit} counts ${used} in flight at the end`] : [],
    ),
  ];
}
