import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { accounts } from "./accounts.ts";
import { batch } from "./batch.ts";
import { bundle } from "./bundle.ts";
import { calls } from "./calls.ts";
import { cost } from "./cost.ts";
import { doorbell } from "./doorbell.ts";
import { inFlight } from "./in-flight.ts";
import { latency } from "./latency.ts";
import { ledgerSize } from "./ledger-size.ts";
import { list } from "./list.ts";
import { looks } from "./looks.ts";
import { polling } from "./polling.ts";
import { type Line, tableOf } from "./report.ts";
import { signIn } from "./sign-in.ts";
import type { Bench, Part } from "./stage.ts";
import { streams } from "./streams.ts";
import { buildWorker } from "./worker-build.ts";
import { writeAhead } from "./write-ahead.ts";

/** Parts of one group run side by side: those that wait for real time and need little of the processor. */
const GROUPS: readonly Readonly<Record<string, Part>>[] = [
  { latency },
  { "sign-in": signIn },
  { doorbell },
  { streams },
  { list },
  { size: ledgerSize },
  { "in-flight": inFlight },
  { accounts },
  { "write-ahead": writeAhead },
  { polling, batch, looks, calls, cost },
  { bundle },
];
const NAMES = GROUPS.flatMap((group) => Object.keys(group));
const USAGE = `node bench/run.ts [--quick] [--only ${NAMES.join(",")}]`;

class UsageError extends Error {}

function readFlags(): { only: ReadonlySet<string>; isQuick: boolean } {
  const { values } = parseArgs({ options: { only: { type: "string" }, quick: { type: "boolean" } } });
  const only = values.only?.split(",") ?? NAMES;
  const wrong = only.filter((name) => !NAMES.includes(name));
  if (wrong.length > 0) throw new UsageError(`there is no part called ${wrong.join(", ")}`);
  return { only: new Set(only), isQuick: values.quick ?? false };
}

async function run(bench: Bench, only: ReadonlySet<string>): Promise<boolean> {
  const lines: Line[] = [];
  const notes: string[] = [];
  for (const group of GROUPS) {
    const parts = Object.entries(group).filter(([name]) => only.has(name));
    if (parts.length > 0) console.error(`… ${parts.map(([name]) => name).join(" and ")}`);
    // All settle before the first failure is thrown, so that each part has cleaned up after itself.
    const outcomes = await Promise.allSettled(parts.map(([, part]) => part(bench)));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") throw outcome.reason;
      lines.push(...outcome.value.lines);
      notes.push(...(outcome.value.notes ?? []));
    }
  }
  const missed = lines.filter(({ isMet }) => !isMet).length;
  console.log(`\n${[tableOf(lines), ...notes].join("\n\n")}\n`);
  console.log(missed === 0 ? "Every limit is met." : `${missed} of ${lines.length} limits missed.`);
  return missed === 0;
}

async function main(): Promise<void> {
  const { only, isQuick } = readFlags();
  const scratchFolder = await mkdtemp(join(tmpdir(), "veo-bench-"));
  // `exit` handlers, of this file and of those that start processes, clean up; a signal would skip them otherwise.
  process.once("exit", () => rmSync(scratchFolder, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const load = loadavg().map((value) => value.toFixed(1));
  console.log(`Node ${process.version}, ${cpus().length} processors, load ${load.join(" ")}`);
  console.error("… building the Worker");
  const built = await buildWorker(scratchFolder);
  if (!(await run({ built, scratchFolder, isQuick }, only))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(isUsage ? `${error.message}\nUsage: ${USAGE}` : error);
  process.exitCode = 1;
});
