import { taskIdOf } from "../test/ledger/many-tasks.ts";
import { openClient, toolAnswerOf } from "./mcp-client.ts";
import { compare } from "./measure.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, setStage } from "./stage.ts";
import { buildVariant } from "./worker-build.ts";

const FEW = 200;
const MANY = 100_000;
const MOST_TIMES_FEW = 2;
const WARM_UP_CALLS = 300;

/** What an account with 100,000 tasks takes longer than one with 200, by the same Worker. */
export const ledgerSize: Part = async (bench) => {
  const rounds = { rounds: bench.isQuick ? 10 : 40, callsPerRound: 10, warmUpCalls: WARM_UP_CALLS };
  const built = await buildVariant("many-tasks", bench.scratchFolder);
  const setupOf = (size: number) => ({ variables: { BENCHMARK_TASKS: String(size) } });
  await using stage = await setStage({ ...bench, built }, { few: setupOf(FEW), many: setupOf(MANY) });
  const open = async (name: "few" | "many", size: number) => {
    const url = stage.workerd.mcpUrl(name);
    const connection = stage.connection();
    const client = await openClient("2026-07-28", connection, url);
    let calls = 0;
    return async ({ tool, argsOf }: Question) => {
      calls += 1;
      return toolAnswerOf(await connection.post(url, client.callTool(tool, argsOf(calls, size))));
    };
  };
  const [askFew, askMany] = [await open("few", FEW), await open("many", MANY)];
  const lines: Line[] = [];
  for (const question of QUESTIONS) {
    const compared = await compare(
      () => askFew(question),
      () => askMany(question),
      rounds,
    );
    const beside = `p50 ${rounded(compared.p50Ms)} ms, p95 ${rounded(compared.p95Ms)} ms; with ${FEW} tasks p50 ${rounded(compared.referenceP50Ms)} ms`;
    const what = `${MANY} tasks, ${question.what}`;
    lines.push(atMost({ part: "size", what, beside }, compared.ratio, MOST_TIMES_FEW, "×"));
  }
  return { lines };
};

interface Question {
  what: string;
  tool: string;
  argsOf(call: number, size: number): Record<string, unknown>;
}

/** More than an object keeps in memory: each is read from its row. */
const STRIDE = 7;
const QUESTIONS: readonly Question[] = [
  {
    what: "get, each time another",
    tool: "veo_get_task",
    argsOf: (call, size) => ({ task_id: taskIdOf((call * STRIDE) % size) }),
  },
  { what: "list, the newest ten", tool: "veo_list_tasks", argsOf: () => ({ limit: 10 }) },
  { what: "list, by a state that none is in", tool: "veo_list_tasks", argsOf: () => ({ state: "failed" }) },
  {
    what: "an order that is answered with its video",
    tool: "veo_text_to_video",
    argsOf: (call) => ({ prompt: `A paper boat [sync], ${call}` }),
  },
  {
    // Nobody has it, so the answer takes a question to the upstream, which an alarm asks.
    what: "an alarm, for a task that nobody has",
    tool: "veo_get_tasks_batch",
    argsOf: (call) => ({ task_ids: [`nobody-${call}`] }),
  },
];
