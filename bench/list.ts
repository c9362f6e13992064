import { z } from "zod";
import type { Simulator } from "../test/simulator/simulator.ts";
import { UPSTREAM_TOKEN } from "./deployments.ts";
import type { Connection } from "./http-client.ts";
import { type McpClient, openClient, toolAnswerOf } from "./mcp-client.ts";
import { compare } from "./measure.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, setStage } from "./stage.ts";

const FEW = 10;
const MANY = 10_000;
const MOST_TIMES_FEW = 3;
const PAGE = 50;
/** How many pages of the history are adopted at a time. */
const ADOPTED_AT_ONCE = 8;
/** What lies between two tasks: so 10,000 of them are a month's work, well within the retention. */
const TASK_EVERY_MS = 5 * 60_000;

/** `veo_list_tasks` with many tasks in the ledger against the same with few. */
export const list: Part = async (bench) => {
  const rounds = { rounds: bench.isQuick ? 10 : 40, callsPerRound: 20 };
  const clocks = { few: Date.now() - MANY * TASK_EVERY_MS, many: Date.now() - MANY * TASK_EVERY_MS };
  await using stage = await setStage(bench, {
    few: { generationMs: 0, now: () => clocks.few },
    many: { generationMs: 0, now: () => clocks.many },
  });
  const open = async (name: "few" | "many", size: number): Promise<Ledger> => {
    const { simulator } = stage.upstreams[name];
    for (let i = 0; i < size; i += 1) {
      clocks[name] += TASK_EVERY_MS;
      await makeTask(simulator, i);
    }
    clocks[name] = Date.now();
    const url = stage.workerd.mcpUrl(name);
    await adoptHistory(url, size, () => stage.connection());
    const connection = stage.connection();
    return ledgerAt(url, connection, await openClient("2026-07-28", connection, url));
  };
  const few = await open("few", FEW);
  const many = await open("many", MANY);
  const lines: Line[] = [];
  const middle = { few: await few.cursorAt(FEW / 2), many: await many.cursorAt(MANY / 2) };
  const countFew = await few.cursorAt(FEW);
  if (countFew !== undefined) throw new Error("the small ledger is larger than it should be");
  for (const { what, args, cursors } of questions(middle)) {
    const ask = (ledger: Ledger, cursor?: string) => () =>
      ledger.list({ ...args, ...(cursor !== undefined && { cursor }) });
    const [askFew, askMany] = [ask(few, cursors?.few), ask(many, cursors?.many)];
    const shown = { few: countOf(await askFew()), many: countOf(await askMany()) };
    const compared = await compare(askFew, askMany, rounds);
    const beside = `p50 ${rounded(compared.p50Ms)} ms, p95 ${rounded(compared.p95Ms)} ms, ${shown.many} shown; with ${FEW} tasks p50 ${rounded(compared.referenceP50Ms)} ms, ${shown.few} shown`;
    lines.push(
      atMost({ part: "list", what: `${MANY} tasks, ${what}`, beside }, compared.ratio, MOST_TIMES_FEW, "×"),
    );
  }
  return { lines };
};

interface Question {
  what: string;
  args: Record<string, unknown>;
  cursors?: { few: string | undefined; many: string | undefined };
}

/** Each shows as many tasks in both ledgers, but for the first: there the limit is what a client gets by default. */
const questions = (middle: { few: string | undefined; many: string | undefined }): Question[] => [
  { what: "no arguments", args: {} },
  { what: "limit 10", args: { limit: 10 } },
  { what: "a cursor in the middle", args: { limit: 5 }, cursors: middle },
  { what: "a word of every prompt", args: { limit: 10, query: "cinematic" } },
  { what: "the same from the middle", args: { limit: 5, query: "cinematic" }, cursors: middle },
  { what: "two words of 1 prompt in 25", args: { limit: 1, query: "red fox" } },
  { what: "a word of one prompt", args: { limit: 1, query: nameOf(3) } },
  { what: "a word of no prompt", args: { query: "submarine" } },
  { what: "by tool", args: { limit: 10, tool: "veo_text_to_video" } },
  { what: "by a state that none is in", args: { state: "failed" } },
  {
    what: "by state, tool and words",
    args: { limit: 10, state: "succeeded", tool: "veo_text_to_video", query: "cinematic" },
  },
];

const COLOURS = ["red", "green", "blue", "amber", "white"];
const ANIMALS = ["fox", "heron", "whale", "moth", "otter"];
const pick = (words: readonly string[], index: number): string => words[index % words.length] ?? "";
/** A word of its own for each task, none the beginning of another. */
const nameOf = (index: number): string => `clip${String(index).padStart(5, "0")}`;

/** Another client of the same token made it: the simulator is called directly. */
async function makeTask(simulator: Simulator, index: number): Promise<void> {
  const prompt = `A ${pick(COLOURS, index)} ${pick(ANIMALS, Math.floor(index / 5))} by the river at dusk, slow dolly in, cinematic, ${nameOf(index)}`;
  const response = await simulator.fetch("http://127.0.0.1/veo/videos", {
    method: "POST",
    headers: { authorization: `Bearer ${UPSTREAM_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ action: "text2video", prompt, model: "veo31-fast", async: true }),
  });
  if (!response.ok) throw new Error(`the simulator refused: ${await response.text()}`);
}

/** Has the account take over the whole history of its token, as a client would: page by page. */
async function adoptHistory(url: string, size: number, connect: () => Connection): Promise<void> {
  await Promise.all(
    Array.from({ length: ADOPTED_AT_ONCE }, async (_, worker) => {
      const connection = connect();
      const client = await openClient("2026-07-28", connection, url);
      for (let offset = worker * PAGE; offset < size; offset += ADOPTED_AT_ONCE * PAGE) {
        const page = client.callTool("veo_get_tasks_batch", { offset, limit: PAGE });
        const adopted = countOf(toolAnswerOf(await connection.post(url, page)));
        const wanted = Math.min(PAGE, size - offset);
        if (adopted !== wanted) throw new Error(`page at ${offset}: ${adopted} tasks, not ${wanted}`);
      }
    }),
  );
}

interface Ledger {
  list(args: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** @returns the cursor after `depth` tasks, found by paging there; undefined at the end. */
  cursorAt(depth: number): Promise<string | undefined>;
}

const pageSchema = z.object({ count: z.number(), next_cursor: z.string().optional() });
const countOf = (answer: Record<string, unknown>): number => pageSchema.parse(answer).count;

function ledgerAt(url: string, connection: Connection, client: McpClient): Ledger {
  const listTasks = async (args: Record<string, unknown>) =>
    toolAnswerOf(await connection.post(url, client.callTool("veo_list_tasks", args)));
  return {
    list: listTasks,
    async cursorAt(depth) {
      let cursor: string | undefined;
      for (let shown = 0; shown < depth; ) {
        const limit = Math.min(PAGE, depth - shown);
        const page = pageSchema.parse(await listTasks({ limit, ...(cursor !== undefined && { cursor }) }));
        if (page.count !== limit) throw new Error(`the ledger ends after ${shown + page.count} tasks`);
        shown += page.count;
        cursor = page.next_cursor;
        if (cursor === undefined) return undefined;
      }
      return cursor;
    },
  };
}
