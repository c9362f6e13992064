import { setTimeout as sleep } from "node:timers/promises";
import { openClient, toolAnswerOf } from "./mcp-client.ts";
import { mostInAnyWindow } from "./measure.ts";
import { atMost } from "./report.ts";
import { type Part, setStage } from "./stage.ts";
import { countSucceeded } from "./task-list.ts";

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
