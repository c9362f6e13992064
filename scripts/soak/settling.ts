import { setTimeout as sleep } from "node:timers/promises";
import { connectV1, connectV2 } from "../../test/e2e/sdk-clients.ts";
import type { Server } from "../../test/e2e/server.ts";
import { isOver, type Row, readLedger, readUsage, type Usage } from "./ledger.ts";
import { say } from "./time.ts";

/** Lost submissions take ten minutes to be declared absent, and twice that where the first looks were in vain. */
const MAX_SETTLING_MS = 25 * 60_000;
const EVERY_MS = 15_000;
/** How many of the open tasks somebody asks for while they wait. */
const ASKED_AT_ONCE = 5;

/** Waits until everything is over, as somebody who asks now and then for what is not. */
export async function settle(server: Server): Promise<void> {
  const client = await connectV1(server.mcpUrl);
  for (const untilMs = Date.now() + MAX_SETTLING_MS; Date.now() < untilMs; await sleep(EVERY_MS)) {
    const open = (await readLedger(client)).filter((row) => !isOver(row));
    say(`${open.length} tasks are not over`);
    if (open.length === 0) break;
    for (const { submission_id } of open.slice(0, ASKED_AT_ONCE))
      await client.callTool("veo_get_task", { task_id: submission_id, wait_seconds: 0 });
  }
  await client.close();
}

/** What the server says in the end. */
export interface LastWord {
  readonly rows: readonly Row[];
  readonly usage: Usage;
  readonly problems: readonly string[];
}

/** Reads the ledger through both generations of the protocol, which have to agree. */
export async function readLastWord(server: Server): Promise<LastWord> {
  const legacy = await connectV1(server.mcpUrl);
  const modern = await connectV2(server.mcpUrl, { mode: "auto" });
  const rows = await readLedger(legacy);
  const differs = JSON.stringify(rows) !== JSON.stringify(await readLedger(modern));
  const usage = await readUsage(modern);
  await Promise.all([legacy.close(), modern.close()]);
  return { rows, usage, problems: differs ? ["the two generations of MCP show different ledgers"] : [] };
}
