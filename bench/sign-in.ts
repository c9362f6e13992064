import { globSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { makeFinishedTask } from "./finished-task.ts";
import { type ClientOptions, LANE_NAMES, openClient, toolAnswerOf } from "./mcp-client.ts";
import { compare } from "./measure.ts";
import { signInOnce } from "./oauth-flow.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const MOST_TIMES_HEADER_KEY = 2;
/** A client, its grant and its access token; what a consent page keeps is gone with the answer. */
const ROWS_PER_SIGN_IN = 3;
const AT_ONCE = 4;

/** A call with an access token against the same call with the header key, and what sign-ins leave behind. */
export const signIn: Part = async (bench) => {
  const rounds = { rounds: bench.isQuick ? 10 : 60, callsPerRound: 30 };
  const signIns = bench.isQuick ? 100 : 1000;
  await using stage = await setStage(bench, { veo: {} });
  const url = stage.workerd.mcpUrl("veo");
  const { origin } = new URL(url);
  const taskId = await makeFinishedTask(stage);
  const token = await signInOnce(origin);
  const lines: Line[] = [];
  for (const lane of LANE_NAMES) {
    const call = async (options: ClientOptions) => {
      const connection = stage.connection();
      const client = await openClient(lane, connection, url, options);
      const post = () => connection.post(url, client.callTool("veo_get_task", { task_id: taskId }));
      toolAnswerOf(await post());
      return post;
    };
    const compared = await compare(await call({}), await call({ bearer: token }), rounds);
    const beside = `p50 ${rounded(compared.p50Ms)} ms; with the header key ${rounded(compared.referenceP50Ms)} ms`;
    const what = `veo_get_task, cached, with an access token, ${lane}`;
    lines.push(atMost({ part: "sign-in", what, beside }, compared.ratio, MOST_TIMES_HEADER_KEY, "×"));
  }
  return { lines: [...lines, ...(await rowLines(stage, origin, signIns))] };
};

/** Signs in many times, and looks at the rows that are left in the files. */
async function rowLines(stage: Stage<"veo">, origin: string, signIns: number): Promise<Line[]> {
  const before = rowsIn(stage);
  for (let made = 0; made < signIns; made += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => signInOnce(origin)));
  const after = rowsIn(stage);
  const rows = after.all - before.all;
  const about = { part: "sign-in", beside: `${after.shards} objects` };
  return [
    atMost({ ...about, what: `rows of ${signIns} sign-ins` }, rows, signIns * ROWS_PER_SIGN_IN, ""),
    // What expires is swept by each object's alarm; a test lets the time pass and finds nothing.
    atMost({ ...about, what: `of those, rows that never expire` }, after.lasting, 0, ""),
  ];
}

const countsSchema = z.object({ total: z.number(), lasting: z.number() });

function rowsIn(stage: Stage<"veo">): { all: number; lasting: number; shards: number } {
  const counts = globSync("*.sqlite", { cwd: stage.workerd.oauthStorage("veo") }).flatMap((file) => {
    using database = new DatabaseSync(`${stage.workerd.oauthStorage("veo")}/${file}`, { readOnly: true });
    const hasTable = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'entry'").get();
    if (hasTable === undefined) return [];
    const row = database
      .prepare("SELECT count(*) AS total, count(*) FILTER (WHERE expiration IS NULL) AS lasting FROM entry")
      .get();
    return [countsSchema.parse(row)];
  });
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    all: sum(counts.map(({ total }) => total)),
    lasting: sum(counts.map(({ lasting }) => lasting)),
    shards: counts.length,
  };
}
