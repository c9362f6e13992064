import { WITH_DOORBELL } from "./deployments.ts";
import { ENDLESS_MS, ring, type Submitted, submitVideo } from "./generation.ts";
import { openListener } from "./listener.ts";
import { LANE_NAMES, type LaneName, openClient } from "./mcp-client.ts";
import { median, percentile } from "./measure.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const MOST_MS = 250;
/** The engine compiles what is hot. */
const WARM_UP = 10;

/** From the upstream's ring to the news at a client that listens, one video after the other. */
export const doorbell: Part = async (bench) => {
  const generations = bench.isQuick ? 50 : 100;
  await using stage = await setStage(bench, { veo: { generationMs: ENDLESS_MS, variables: WITH_DOORBELL } });
  const lines: Line[] = [];
  for (const lane of LANE_NAMES) lines.push(await laneLine(stage, lane, generations));
  return { lines };
};

const WHAT: Record<LaneName, string> = {
  "2025-11-25": "resources/updated on a GET stream",
  "2026-07-28": "notifications/tasks on subscriptions/listen",
};

async function laneLine(stage: Stage<"veo">, lane: LaneName, generations: number): Promise<Line> {
  const url = stage.workerd.mcpUrl("veo");
  const { simulator } = stage.upstreams.veo;
  const connection = stage.connection();
  const client = await openClient(lane, connection, url);
  // Once a ring was heard, no look is due before two minutes: what is heard is the doorbell's doing.
  await ring(simulator, [(await submitVideo(url, connection, client)).taskId]);
  const videos: Submitted[] = [];
  for (let i = 0; i < WARM_UP + generations; i += 1) videos.push(await submitVideo(url, connection, client));
  const ids = videos.map(({ submissionId }) => submissionId);
  using listener = await openListener(lane, { url, connection }, ids);
  const all = { newsMs: [] as number[], ringMs: [] as number[] };
  for (const { submissionId, taskId } of videos) {
    if (listener.newsOf(submissionId).length > 0) throw new Error("there was news before the ring");
    const { sentAtMs, answeredAtMs } = await ring(simulator, [taskId]);
    const { atMs, message } = await listener.hears(submissionId);
    if (lane === "2026-07-28" && message.params?.status !== "completed")
      throw new Error(`the news is not that it is done: ${JSON.stringify(message)}`);
    all.newsMs.push(atMs - sentAtMs);
    all.ringMs.push(answeredAtMs - sentAtMs);
  }
  const newsMs = all.newsMs.slice(WARM_UP);
  const beside = `p50 ${rounded(median(newsMs))} ms, max ${rounded(Math.max(...newsMs))} ms, ${generations} videos; the ring itself answered in ${rounded(median(all.ringMs.slice(WARM_UP)))} ms`;
  const what = `ring to ${WHAT[lane]}, p95`;
  return atMost({ part: "doorbell", what, beside }, percentile(newsMs, 0.95), MOST_MS, " ms");
}
