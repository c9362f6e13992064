import { makeFinishedTask } from "./finished-task.ts";
import type { Connection } from "./http-client.ts";
import { LANE_NAMES, type McpClient, openClient, resultOf, toolAnswerOf } from "./mcp-client.ts";
import { compare, median, throughput } from "./measure.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const MOST_TIMES_CONSTANT = 4;
/** 800 requests a second where the constant Worker makes 8,000. */
const LEAST_SHARE_OF_THROUGHPUT = 800 / 8000;
const CONNECTIONS = 16;

/** A finished task, and `tools/list`: how long they take, as a multiple of a Worker that does nothing. */
export const latency: Part = async (bench) => {
  const rounds = { rounds: bench.isQuick ? 10 : 60, callsPerRound: 30 };
  const throughputRounds = bench.isQuick ? 3 : 9;
  await using stage = await setStage(bench, { veo: {} });
  const lines: Line[] = [];
  const taskId = await makeFinishedTask(stage);
  const url = stage.workerd.mcpUrl("veo");

  const calls = [
    { what: "tools/list", request: (client: McpClient) => client.listTools() },
    {
      what: "veo_get_task, cached",
      request: (client: McpClient) => client.callTool("veo_get_task", { task_id: taskId }),
    },
  ];
  for (const { what, request } of calls)
    for (const lane of LANE_NAMES) {
      const connection = stage.connection();
      const client = await openClient(lane, connection, url);
      resultOf(await connection.post(url, request(client)));
      const constant = stage.connection();
      // Both are sent the same bytes: what differs is the Worker.
      const compared = await compare(
        () => constant.post(stage.workerd.constantUrl, request(client)),
        () => connection.post(url, request(client)),
        rounds,
      );
      const beside = `p50 ${rounded(compared.p50Ms)} ms, p95 ${rounded(compared.p95Ms)} ms; constant p50 ${rounded(compared.referenceP50Ms)} ms`;
      lines.push(
        atMost(
          { part: "latency", what: `${what}, ${lane}`, beside },
          compared.ratio,
          MOST_TIMES_CONSTANT,
          "×",
        ),
      );
    }
  for (const lane of LANE_NAMES) lines.push(await throughputLine(stage, lane, taskId, throughputRounds));
  return { lines };
};

async function throughputLine(
  stage: Stage<"veo">,
  lane: (typeof LANE_NAMES)[number],
  taskId: string,
  rounds: number,
): Promise<Line> {
  const { constantUrl, mcpUrl } = stage.workerd;
  const url = mcpUrl("veo");
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection: Connection = stage.connection();
      return { connection, client: await openClient(lane, connection, url), constant: stage.connection() };
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error("no clients");
  const request = (client: McpClient) => client.callTool("veo_get_task", { task_id: taskId });
  const subject = clients.map(
    ({ connection, client }) =>
      () =>
        connection.post(url, request(client)),
  );
  const reference = clients.map(
    ({ constant, client }) =>
      () =>
        constant.post(constantUrl, request(client)),
  );
  toolAnswerOf(await first.connection.post(url, request(first.client)));
  const roundMs = 1000;
  await throughput(subject, roundMs);
  const made: { subject: number; reference: number }[] = [];
  for (let round = 0; round < rounds; round += 1)
    made.push({
      reference: await throughput(reference, roundMs),
      subject: await throughput(subject, roundMs),
    });
  const share = median(made.map((round) => round.subject / round.reference));
  return {
    part: "latency",
    what: `veo_get_task, cached, ${CONNECTIONS} connections, ${lane}`,
    measured: `${rounded(share * 100)} %`,
    limit: `≥ ${LEAST_SHARE_OF_THROUGHPUT * 100} %`,
    isMet: share >= LEAST_SHARE_OF_THROUGHPUT,
    beside: `${Math.round(median(made.map((round) => round.subject)))} req/s; constant ${Math.round(median(made.map((round) => round.reference)))} req/s`,
  };
}
