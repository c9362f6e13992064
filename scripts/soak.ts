import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { connectV1, connectV2 } from "../test/e2e/sdk-clients.ts";
import { ACCESS_KEY, SECRETS, type Server, startServer } from "../test/e2e/server.ts";
import { CLIENTS } from "./soak/clients.ts";
import { converse, type Story } from "./soak/conversation.ts";
import { killAt, planKills, ringFalsely } from "./soak/disturbances.ts";
import { isOver, type Row, readLedger, readUsage } from "./soak/ledger.ts";
import { planOrders } from "./soak/orders.ts";
import { reconcile } from "./soak/reconciliation.ts";
import { clientTable, faultTable, paidTable, unpaidTable } from "./soak/report.ts";
import { Seat } from "./soak/seat.ts";
import { inject, planFaults } from "./soak/upstream-plan.ts";

const USAGE = "npm run soak -- [--minutes 10] [--seed N] [--port 9300] [--log FILE]";
const GENERATION_MS = 20_000;
/** Lost submissions take ten minutes to be declared absent, and twice that where the first looks were in vain. */
const MAX_SETTLING_MS = 25 * 60_000;
const SETTLING_EVERY_MS = 15_000;
/** How many of the open tasks somebody asks for while they wait. */
const ASKED_AT_ONCE = 5;

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

const flagsSchema = z.object({
  minutes: z.coerce.number().positive(),
  seed: z.coerce.number().int(),
  port: z.coerce.number().int().positive(),
  log: z.string().optional(),
});

const startedAtMs = Date.now();
const minutes = (ms: number) =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
const say = (text: string) => console.error(`${minutes(Date.now() - startedAtMs)} ${text}`);

/** Everybody orders, follows, leaves and comes back, until the time is over. */
async function load(server: Server, seed: number, loadMs: number) {
  const stories: Story[] = [];
  const untilMs = Date.now() + loadMs;
  const seats = CLIENTS.map((kind, index) => {
    const seat = new Seat(kind, server.mcpUrl);
    const orders = planOrders(kind.name, kind.prefix, seed + index).values();
    const converses = async () => {
      // All conversations of a client take their orders from one plan.
      while (Date.now() < untilMs) {
        const { value: order } = orders.next();
        if (order === undefined) return;
        await converse(seat, order, (story) => stories.push(story));
        await sleep(order.pauseMs);
      }
    };
    return { kind, seat, done: Promise.all(Array.from({ length: kind.conversations }, converses)) };
  });
  const kills = planKills(seed, loadMs);
  say(`${seats.length} clients for ${minutes(loadMs)}; kills at ${kills.map(minutes).join(", ")}`);
  const [forgedRings] = await Promise.all([ringFalsely(server, untilMs), killAt(server, kills, say)]);
  server.simulator.clearFaults();
  say(`the load is over: ${stories.length} orders; the last conversations go on`);
  await Promise.all(seats.map(({ done }) => done));
  await Promise.all(seats.map(({ seat }) => seat.close()));
  const connections = new Map(seats.map(({ kind, seat }) => [kind.name, seat.connections]));
  return { stories, kills, forgedRings, connections };
}

/** Waits until everything is over, as somebody who asks now and then for what is not. */
async function settle(server: Server): Promise<void> {
  const client = await connectV1(server.mcpUrl);
  for (const untilMs = Date.now() + MAX_SETTLING_MS; Date.now() < untilMs; await sleep(SETTLING_EVERY_MS)) {
    const open = (await readLedger(client)).filter((row) => !isOver(row));
    say(`${open.length} tasks are not over`);
    if (open.length === 0) break;
    for (const { submission_id } of open.slice(0, ASKED_AT_ONCE))
      await client.callTool("veo_get_task", { task_id: submission_id, wait_seconds: 0 });
  }
  await client.close();
}

/** Reads the ledger through both generations of the protocol, which have to agree. */
async function read(server: Server) {
  const [legacy, modern] = [await connectV1(server.mcpUrl), await connectV2(server.mcpUrl, { mode: "auto" })];
  const [rows, again]: [Row[], Row[]] = [await readLedger(legacy), await readLedger(modern)];
  const usage = await readUsage(modern);
  await Promise.all([legacy.close(), modern.close()]);
  const differs = JSON.stringify(rows) !== JSON.stringify(again);
  return { rows, usage, problems: differs ? ["the two generations of MCP show different ledgers"] : [] };
}

/** What nobody may find in what the server printed. */
function leaks(output: string): string[] {
  const secrets = [
    ACCESS_KEY,
    DEPLOYMENT.ACEDATACLOUD_API_TOKEN,
    DEPLOYMENT.SECRET_KEY,
    "paper boat",
    "sig=",
  ];
  return secrets.filter((secret) => output.includes(secret)).map((secret) => `the log has "${secret}"`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: String(startedAtMs % 1_000_000) },
      port: { type: "string", default: "9300" },
      log: { type: "string" },
    },
  });
  const { minutes: loadMinutes, seed, port, log } = flagsSchema.parse(values);
  say(`seed ${seed}`);
  const plans = planFaults(seed);
  const server = await startServer(DEPLOYMENT, { port });
  const { simulator } = server;
  try {
    simulator.configure({ generationMs: GENERATION_MS });
    for (const group of ["paid", "tasks"] as const) inject(simulator, group, plans[group]);
    const { stories, kills, forgedRings, connections } = await load(server, seed, loadMinutes * 60_000);
    await settle(server);
    const { rows, usage, problems: disagreements } = await read(server);
    const reconciliation = reconcile({ tasks: simulator.tasks, rows, stories, usage });
    const unexpected = simulator.unexpected.map((request) => `unexpected: ${JSON.stringify(request)}`);
    const problems = [...reconciliation.problems, ...disagreements, ...leaks(server.output()), ...unexpected];
    const run = { reconciliation, stories, simulator, plans, connections };
    const queries = simulator.requestsTo("tasks");
    const listings = queries.filter(({ body }) => body?.ids === undefined && body?.trace_ids === undefined);
    console.log(
      [
        `Seed ${seed}: ${loadMinutes} minutes of load, ${minutes(Date.now() - startedAtMs)} in all. Killed at ${kills.map(minutes).join(", ")}.`,
        `${simulator.requestsTo("paid").length} orders reached the upstream, ${simulator.tasks.length} were paid; ${rows.length} rows in the ledger. ${queries.length} task queries, ${listings.length} of them lists for lost submissions; ${simulator.callbacks.length} rings, and ${forgedRings} false ones.`,
        clientTable(run),
        "## What the upstream did",
        faultTable(run),
        "## The upstream's paid tasks against the ledger, one by one",
        paidTable(run),
        "## Orders in the ledger that cost nothing",
        unpaidTable(run),
        problems.length === 0
          ? "Nothing was lost, nothing was paid twice, and everything is at its end."
          : `**${problems.length} problems**\n\n${problems.map((problem) => `- ${problem}`).join("\n")}`,
      ].join("\n\n"),
    );
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
