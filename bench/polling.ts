import { originalPolls, pollUntilDone, submitVideo } from "./generation.ts";
import { LANE_NAMES, openClient } from "./mcp-client.ts";
import { atMost } from "./report.ts";
import { type Part, setStage } from "./stage.ts";

const GENERATION_MS = 120_000;
const CLIENTS = 10;
const MOST_UPSTREAM_REQUESTS = 13;
const MOST_POLLS_PER_CLIENT = 7;

/** Ten clients, half of them of each generation, that poll one task of 120 s as fast as they get answers. */
export const polling: Part = async (bench) => {
  await using stage = await setStage(bench, { veo: { generationMs: GENERATION_MS } });
  const url = stage.workerd.mcpUrl("veo");
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, i) => {
      const connection = stage.connection();
      const lane = LANE_NAMES[i % LANE_NAMES.length] ?? "2026-07-28";
      return { connection, client: await openClient(lane, connection, url) };
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error("no clients");
  const startMs = performance.now();
  const video = await submitVideo(url, first.connection, first.client);
  const polls = await Promise.all(
    clients.map(({ connection, client }) => pollUntilDone(url, connection, client, video)),
  );
  const tookSeconds = Math.round((performance.now() - startMs) / 1000);
  const { requests, unexpected } = stage.upstreams.veo.simulator;
  if (unexpected.length > 0) throw new Error(`unexpected requests: ${JSON.stringify(unexpected)}`);
  return {
    lines: [
      atMost(
        {
          part: "polling",
          what: `upstream requests, ${CLIENTS} clients polling one task of ${GENERATION_MS / 1000} s`,
          beside: `done after ${tookSeconds} s; original policy: ${originalPolls(GENERATION_MS) * CLIENTS}`,
        },
        requests.length,
        MOST_UPSTREAM_REQUESTS,
        "",
      ),
      atMost(
        {
          part: "polling",
          what: "polls of the client that polled most",
          beside: `of each: ${polls.join(" ")}; original policy: ${originalPolls(GENERATION_MS)}`,
        },
        Math.max(...polls),
        MOST_POLLS_PER_CLIENT,
        "",
      ),
    ],
  };
};
