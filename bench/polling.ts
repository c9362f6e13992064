import { z } from "zod";
import { LANE_NAMES, openClient, toolAnswerOf } from "./mcp-client.ts";
import { atMost } from "./report.ts";
import { type Part, setStage } from "./stage.ts";

const GENERATION_MS = 120_000;
const CLIENTS = 10;
const MOST_UPSTREAM_REQUESTS = 13;
const MOST_POLLS_PER_CLIENT = 7;
/** The original server asked the upstream for every poll, and then slept for this long. */
const ORIGINAL_SLEEP_MS = 5000;

const taskSchema = z.object({ task_id: z.string(), state: z.string() });

/** Ten clients, half of them of each generation, that poll one task of 120 s as fast as they get answers. */
export const polling: Part = async (bench) => {
  await using stage = await setStage(bench, { veo: { generationMs: GENERATION_MS } });
  const url = stage.workerd.mcpUrl("veo");
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, i) => {
      const connection = stage.connection();
      const lane = LANE_NAMES[i % LANE_NAMES.length] ?? "2026-07-28";
      const client = await openClient(lane, connection, url);
      const call = async (name: string, args: Record<string, unknown>) =>
        taskSchema.parse(toolAnswerOf(await connection.post(url, client.callTool(name, args))));
      return { call };
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error("no clients");
  const startMs = performance.now();
  const { task_id } = await first.call("veo_text_to_video", { prompt: "A clock tower at noon" });
  const polls = await Promise.all(
    clients.map(async ({ call }) => {
      for (let count = 1; ; count += 1) {
        const { state } = await call("veo_get_task", { task_id });
        if (state === "succeeded") return count;
        if (state !== "processing") throw new Error(`the task became ${state}`);
      }
    }),
  );
  const tookSeconds = Math.round((performance.now() - startMs) / 1000);
  const { requests, unexpected } = stage.upstreams.veo.simulator;
  if (unexpected.length > 0) throw new Error(`unexpected requests: ${JSON.stringify(unexpected)}`);
  const originalPolls = GENERATION_MS / ORIGINAL_SLEEP_MS;
  return {
    lines: [
      atMost(
        {
          part: "polling",
          what: `upstream requests, ${CLIENTS} clients polling one task of ${GENERATION_MS / 1000} s`,
          beside: `done after ${tookSeconds} s; original policy: ${originalPolls * CLIENTS}`,
        },
        requests.length,
        MOST_UPSTREAM_REQUESTS,
        "",
      ),
      atMost(
        {
          part: "polling",
          what: "polls of the client that polled most",
          beside: `of each: ${polls.join(" ")}; original policy: ${originalPolls}`,
        },
        Math.max(...polls),
        MOST_POLLS_PER_CLIENT,
        "",
      ),
    ],
  };
};
