import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type CommandResult, runCommand } from "../e2e/run-command.ts";

/** The command. */
export const SUITE = join(
  import.meta.dirname,
  "../../node_modules/@modelcontextprotocol/conformance/dist/index.js",
);

/** The Worker with the tools that scenarios call. */
export const FIXTURE_WORKER = join(import.meta.dirname, "fixtures/worker.ts");

const checksSchema = z.array(
  z.looseObject({
    id: z.string(),
    status: z.enum(["SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO"]),
  }),
);
type Status = z.infer<typeof checksSchema>[number]["status"];

export interface ScenarioReport {
  /** 0 when it passed, or failed only where the baseline expects it. */
  readonly code: number;
  readonly output: string;
  /** The ids of the checks that ended so; an id may occur more than once. */
  checks(status: Status): string[];
}

export interface ScenarioRun {
  readonly mcpUrl: string;
  readonly revision: string;
  readonly scenario: string;
  /** The file of expected failures. */
  readonly baseline?: string;
  /** Takes the results. */
  readonly directory: string;
}

/** Runs one scenario of `@modelcontextprotocol/conformance` against a server. */
export async function runScenario(run: ScenarioRun): Promise<ScenarioReport> {
  const { mcpUrl, revision, scenario, baseline, directory } = run;
  // Without `--force`, scenarios about extensions end with 0 and look at nothing.
  const flags = [
    "--url",
    mcpUrl,
    "--scenario",
    scenario,
    "--spec-version",
    revision,
    "-o",
    directory,
    "--force",
  ];
  if (baseline !== undefined) flags.push("--expected-failures", baseline);
  const result = await runCommand(SUITE, ["server", ...flags], { directory });
  const [report] = await readReports(result);
  // A scenario that does not apply to the revision ends with 0 and without results.
  if (report === undefined) throw new Error(`The scenario ${scenario} did not run:\n${result.output}`);
  return report;
}

/** @returns the names of all scenarios for servers. */
export async function listScenarios(directory: string): Promise<string[]> {
  const { stdout } = await runCommand(SUITE, ["list", "--server"], { directory });
  return [...stdout.matchAll(/^ +- ([\w-]+)/gm)].map(([, name = ""]) => name);
}

/** @returns what the suite has written down, in the order in which its scenarios ran. */
export async function readReports({ code, output }: CommandResult): Promise<ScenarioReport[]> {
  const directories = [...output.matchAll(/^Results saved to (.+)$/gm)].map(([, results = ""]) => results);
  return Promise.all(
    directories.map(async (results) => {
      const checks = checksSchema.parse(JSON.parse(await readFile(join(results, "checks.json"), "utf8")));
      return {
        code,
        output,
        checks: (status: Status) => checks.filter((check) => check.status === status).map(({ id }) => id),
      };
    }),
  );
}
