import type { Simulator } from "../../test/simulator/simulator.ts";
import type { TaskView } from "../../test/simulator/task.ts";
import type { Run } from "./report.ts";
import { table } from "./table.ts";
import { faultsOf } from "./upstream-plan.ts";

/** The upstream's paid tasks against the ledger, one by one. */
export function paidTable({ reconciliation, stories, simulator, plans, clearedAtMs }: Run): string {
  const faults = faultsOf(simulator.requestsTo("paid"), plans.paid, clearedAtMs);
  const storyOf = new Map(stories.map((story) => [story.order.args.prompt, story]));
  const rows = reconciliation.entries.map(({ task, rows: own, problems }, index) => {
    const story = storyOf.get(task.prompt);
    return [
      index + 1,
      story?.order.client ?? "nobody",
      story === undefined ? "" : `${story.order.word}${story.order.args.idempotency_key ? " (key)" : ""}`,
      story?.calls ?? 0,
      faults[requestIndexOf(task, simulator)] ?? "",
      task.taskId.slice(0, 8),
      task.state,
      own.length,
      own.map(({ state }) => state).join(),
      task.state === "succeeded" ? own.flatMap(({ videos }) => videos).length : "",
      problems.join("; ") || "ok",
    ];
  });
  return table(
    [
      ...["#", "client", "order", "calls", "what befell the request"],
      ...["upstream's task", "upstream", "rows", "ledger", "videos", "verdict"],
    ],
    rows,
  );
}

/** What the ledger has beside: orders that cost nothing. */
export function unpaidTable({ reconciliation }: Run): string {
  const rows = reconciliation.unpaid.map(({ row, problems }, index) => [
    index + 1,
    /\b[a-z]+\d{3}\b/.exec(row.request.prompt ?? "")?.[0] ?? "",
    row.state,
    row.error?.code ?? "",
    problems.join("; ") || "ok",
  ]);
  return table(["#", "order", "ledger", "why", "verdict"], rows);
}

/** The request that made a task is the last one of its kind that came before it. */
const requestIndexOf = (task: TaskView, simulator: Simulator): number =>
  simulator
    .requestsTo("paid")
    .findLastIndex(
      ({ at, body }) =>
        at <= task.submittedAtMs &&
        body?.prompt === task.prompt &&
        (body.callback_url ?? null) === task.callbackUrl,
    );
