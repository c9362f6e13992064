import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Connection } from "./http-client.ts";
import { type McpClient, openClient, toolAnswerOf } from "./mcp-client.ts";
import { atMost } from "./report.ts";
import { type Part, setStage } from "./stage.ts";

const TASKS = 200;
const SUBMITTED_OVER_MS = 10_000;
/** Long enough for all of them to be in flight together for most of it. */
const GENERATION_MS = 100_000;
/** A look every 10 s on a grid of 5 s: the last ends within this after the generation. */
const SETTLED_AFTER_MS = 20_000;
const WINDOW_MS = 10_000;
const MOST_QUERIES_PER_WINDOW = 8;
const CONNECTIONS = 4;

/** 200 tasks of one account at once: how often the upstream is asked about them. */
export const batch: Part = async (bench) => {
  await using stage = await setStage(bench, { veo: { generationMs: GENERATION_MS } });
  const url = stage.workerd.mcpUrl("veo");
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = stage.connection();
      return { connection, client: await openClient("2026-07-28", connection, url) };
    }),
  );
  const startMs = performance.now();
  await Promise.all(
    clients.map(async ({ connection, client }, lane) => {
      for (let i = lane; i < TASKS; i += CONNECTIONS) {
        await sleep(Math.max(0, startMs + (i * SUBMITTED_OVER_MS) / TASKS - performance.now()));
        const order = client.callTool("veo_text_to_video", { prompt: `Wave number ${i} of the sea` });
        toolAnswerOf(await connection.post(url, order));
      }
    }),
  );
  const submittedSeconds = (performance.now() - startMs) / 1000;
  await sleep(startMs + SUBMITTED_OVER_MS + GENERATION_MS + SETTLED_AFTER_MS - performance.now());

  const [first] = clients;
  if (first === undefined) throw new Error("no clients");
  const succeeded = await countSucceeded(first.connection, first.client, url);
  const { simulator } = stage.upstreams.veo;
  const queriedAtMs = simulator.requestsTo("tasks").map(({ at }) => at);
  const part = "batch";
  return {
    lines: [
      atMost(
        {
          part,
          what: `task queries in any ${WINDOW_MS / 1000} s, ${TASKS} tasks in flight`,
          beside: `${queriedAtMs.length} in all, for ${GENERATION_MS / 1000} s; submitted in ${submittedSeconds.toFixed(1)} s`,
        },
        mostInAnyWindow(queriedAtMs, WINDOW_MS),
        MOST_QUERIES_PER_WINDOW,
        "",
      ),
      {
        part,
        what: "all of them ended, without a poll",
        measured: `${succeeded}`,
        limit: `= ${TASKS}`,
        isMet: succeeded === TASKS && simulator.requestsTo("paid").length === TASKS,
        beside: `${simulator.requestsTo("paid").length} paid calls`,
      },
    ],
  };
};

const pageSchema = z.object({ count: z.number(), next_cursor: z.string().optional() });

async function countSucceeded(connection: Connection, client: McpClient, url: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const args = { state: "succeeded", limit: 50, ...(cursor !== undefined && { cursor }) };
    const answer = await connection.post(url, client.callTool("veo_list_tasks", args));
    const page = pageSchema.parse(toolAnswerOf(answer));
    count += page.count;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return count;
}

/** @returns the most times that lie in any half-open window of `windowMs`, wherever it begins. */
function mostInAnyWindow(timesMs: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + windowMs).length),
  );
}
