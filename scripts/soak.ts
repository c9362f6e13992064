import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { ACCESS_KEY, SECRETS, startServer } from "../test/e2e/server.ts";
import { load } from "./soak/load.ts";
import { reconcile } from "./soak/reconciliation.ts";
import { reportOf } from "./soak/report.ts";
import { readLastWord, settle } from "./soak/settling.ts";
import { say } from "./soak/time.ts";
import { inject, planFaults } from "./soak/upstream-plan.ts";

const USAGE = "npm run soak -- [--minutes 10] [--seed N] [--port 9300] [--log FILE]";
const GENERATION_MS = 20_000;

const DEPLOYMENT = {
  ...SECRETS,
  SECRET_KEY: "secret-key-of-the-soak-test-0123456789",
  // The upstream is on this machine, and so can ring at it.
  CALLBACKS: "on",
  // Never reached, but everything is counted, reserved and settled.
  DAILY_GENERATION_LIMIT: "100000",
  TEAM_MAX_TASKS_IN_FLIGHT: "100000",
  TEAM_DAILY_GENERATION_LIMIT: "100000",
};

/** What may be in nothing that the server prints: secrets, words of the prompts, signatures of links. */
const SECRET = [ACCESS_KEY, DEPLOYMENT.ACEDATACLOUD_API_TOKEN, DEPLOYMENT.SECRET_KEY, "paper boat", "sig="];

const flagsSchema = z.object({
  minutes: z.coerce.number().positive(),
  seed: z.coerce.number().int(),
  port: z.coerce.number().int().positive(),
  log: z.string().optional(),
});

function readFlags(): z.infer<typeof flagsSchema> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      port: { type: "string", default: "9300" },
      log: { type: "string" },
    },
  });
  return flagsSchema.parse(values);
}

async function main(): Promise<void> {
  const { minutes, seed, port, log } = readFlags();
  say(`seed ${seed}`);
  const loadMs = minutes * 60_000;
  const plans = planFaults(seed);
  const server = await startServer(DEPLOYMENT, { port });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void server.stop().finally(() => process.exit(130)));
  const { simulator } = server;
  try {
    simulator.configure({ generationMs: GENERATION_MS });
    for (const group of ["paid", "tasks"] as const) inject(simulator, group, plans[group]);
    const loaded = await load(server, seed, loadMs);
    await settle(server);
    const { rows, usage, problems: disagreements } = await readLastWord(server);
    const reconciliation = reconcile({ tasks: simulator.tasks, rows, stories: loaded.stories, usage });
    const output = server.output();
    const problems = [
      ...reconciliation.problems,
      ...disagreements,
      ...SECRET.filter((text) => output.includes(text)).map((text) => `the log has "${text}"`),
      ...simulator.unexpected.map((request) => `the upstream did not expect ${JSON.stringify(request)}`),
    ];
    console.log(reportOf({ ...loaded, seed, loadMs, rows, reconciliation, simulator, plans, problems }));
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    if (log !== undefined) await writeFile(log, server.output());
    await server.stop();
  }
}

main().catch((error: unknown) => {
  const isUsage = error instanceof z.ZodError || (error instanceof TypeError && "code" in error);
  console.error(isUsage ? `${error.message}\nUsage: ${USAGE}` : error);
  process.exitCode = 1;
});
