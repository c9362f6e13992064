import type { Simulator } from "../../test/simulator/simulator.ts";
import type { Row } from "./ledger.ts";
import type { Load } from "./load.ts";
import { paidTable, unpaidTable } from "./one-by-one.ts";
import type { Reconciliation } from "./reconciliation.ts";
import { NO_ANSWER } from "./story.ts";
import { table } from "./table.ts";
import { clockOf, elapsedMs } from "./time.ts";
import { type FaultPlan, faultsOf } from "./upstream-plan.ts";

export interface Run extends Load {
  readonly seed: number;
  readonly loadMs: number;
  readonly rows: readonly Row[];
  readonly reconciliation: Reconciliation;
  readonly simulator: Simulator;
  readonly plans: { readonly paid: FaultPlan; readonly tasks: FaultPlan };
  /** All that is wrong; none when all is well. */
  readonly problems: readonly string[];
}

/** The whole report, as Markdown. */
export function reportOf(run: Run): string {
  const { problems } = run;
  return [
    ...inShort(run),
    clientTable(run),
    problems.length === 0
      ? "**Nothing was lost, nothing was paid twice, and everything is at its end.**"
      : `**${problems.length} problems**\n\n${problems.map((problem) => `- ${problem}`).join("\n")}`,
    "## What clients heard instead of an answer",
    setbackTable(run),
    "## What the upstream did",
    faultTable(run),
    "## The upstream's paid tasks against the ledger, one by one",
    paidTable(run),
    "## Orders in the ledger that cost nothing",
    unpaidTable(run),
  ].join("\n\n");
}

function inShort({ seed, loadMs, kills, forgedRings, simulator, rows }: Run): string[] {
  const queries = simulator.requestsTo("tasks");
  const lists = queries.filter(({ body }) => body?.ids === undefined && body?.trace_ids === undefined);
  const killed = kills.map(({ atMs, underWay }) => `${clockOf(atMs)} (${underWay} orders under way)`);
  return [
    `Seed ${seed}: ${clockOf(loadMs)} of load, ${clockOf(elapsedMs())} in all. Killed at ${killed.join(", ")}.`,
    `${simulator.requestsTo("paid").length} orders reached the upstream, and ${simulator.tasks.length} were paid; the ledger has ${rows.length} rows. ${queries.length} task queries, ${lists.length} of them pages of lists for lost submissions; ${simulator.callbacks.length} rings, and ${forgedRings} false ones.`,
  ];
}

const count = (list: readonly unknown[]): number => list.length;

/** What each client did, and what it came to. */
function clientTable({ reconciliation, stories, connections }: Run): string {
  const { entries, unpaid } = reconciliation;
  const rows = [...Map.groupBy(stories, ({ order }) => order.client)].map(([client, own]) => {
    const prompts = new Set(own.map(({ order }) => order.args.prompt));
    const paid = entries.filter(({ task }) => prompts.has(task.prompt));
    const free = unpaid.filter(({ row }) => prompts.has(row.request.prompt ?? ""));
    const heard = (code: string) =>
      count(own.filter(({ setbacks }) => setbacks.some((said) => said.startsWith(code))));
    return [
      client,
      connections.get(client) ?? 0,
      count(own),
      own.reduce((total, { calls }) => total + calls, 0),
      heard("submission_undetermined"),
      heard(NO_ANSWER),
      count(paid),
      count(paid.filter(({ rows: [row] }) => row?.state === "succeeded")),
      count(paid.filter(({ rows: [row] }) => row?.state === "failed")),
      count(free.filter(({ row }) => row.error?.code === "never_arrived")),
      count(free.filter(({ row }) => row.error?.code !== "never_arrived")),
    ];
  });
  const totals = rows.reduce<(string | number)[]>(
    (total, row) => row.map((cell, i) => (typeof cell === "number" ? Number(total[i] ?? 0) + cell : "all")),
    [],
  );
  return table(
    [
      ...["client", "connections", "orders", "calls", "heard “undetermined”", "got no answer"],
      ...["**paid**", "succeeded", "failed", "never arrived", "refused"],
    ],
    [...rows, totals],
  );
}

/** Refusals, and what became of connections: most of it is the upstream's doing, and that of the kills. */
function setbackTable({ stories }: Run): string {
  const heard = stories.flatMap(({ order, setbacks }) => setbacks.map((said) => `${order.client} | ${said}`));
  return table(
    ["client", "heard", "how often"],
    [...Map.groupBy(heard, (line) => line)].toSorted().map(([line, all]) => [line, all.length]),
  );
}

/** What the upstream did to the requests of a group, and how often. */
function faultTable({ simulator, plans, clearedAtMs }: Run): string {
  const rows = (["paid", "tasks"] as const).flatMap((group) => {
    const faults = faultsOf(simulator.requestsTo(group), plans[group], clearedAtMs);
    return [...Map.groupBy(faults, (name) => name)]
      .toSorted(([, a], [, b]) => b.length - a.length)
      .map(([name, hit]) => [group === "paid" ? "orders" : "queries", name || "nothing", hit.length]);
  });
  return table(["requests", "what befell them", "how many"], rows);
}
