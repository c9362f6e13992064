import { z } from "zod";
import { EVERYBODY_PAYS, keyOf } from "./deployments.ts";
import { type Submitted, submitVideo } from "./generation.ts";
import { openClient, resultOf } from "./mcp-client.ts";
import { median, percentile } from "./measure.ts";
import { atMost, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const ACCOUNTS = 200;
const TASKS_EACH = 5;
const TASKS = ACCOUNTS * TASKS_EACH;
const POLLED_MS = 30_000;
/** So that tasks end, and are looked at, while all of them are polled. */
const GENERATION_MS = 30_000;
const SUBMITTED_AT_ONCE = 8;

/** 200 accounts with five tasks each, every task with a client that polls it, all at the same time. */
export const accounts: Part = async (bench) => {
  await using stage = await setStage(bench, {
    veo: { generationMs: GENERATION_MS, variables: EVERYBODY_PAYS },
  });
  const videos = await submitAll(stage);
  const untilMs = performance.now() + POLLED_MS;
  const pollers = await Promise.all(videos.map((video) => poll(stage, video, untilMs)));
  const timesMs = pollers.flatMap((poller) => poller.timesMs);
  const failures = pollers.flatMap((poller) => poller.failures);
  const ended = pollers.filter(({ state }) => state === "succeeded").length;
  const { unexpected } = stage.upstreams.veo.simulator;
  if (unexpected.length > 0) throw new Error(`unexpected requests: ${JSON.stringify(unexpected)}`);
  const seconds = POLLED_MS / 1000;
  const p99 = `p99 of a poll ${rounded(percentile(timesMs, 0.99))} ms, p50 ${rounded(median(timesMs))} ms`;
  const beside = `${p99}; ${Math.round(timesMs.length / seconds)} polls/s, all of ${TASKS} at once; ${ended} tasks ended meanwhile`;
  const what = `errors in ${seconds} s of polls, ${ACCOUNTS} accounts with ${TASKS_EACH} tasks each`;
  return {
    lines: [atMost({ part: "accounts", what, beside }, failures.length, 0, "")],
    ...(failures.length > 0 && { notes: [`The first errors:\n${failures.slice(0, 5).join("\n")}`] }),
  };
};

interface Video extends Submitted {
  readonly bearer: string;
}

async function submitAll(stage: Stage<"veo">): Promise<Video[]> {
  const url = stage.workerd.mcpUrl("veo");
  const videos: Video[] = [];
  const waiting = Array.from({ length: ACCOUNTS }, (_, i) => keyOf(i));
  const submitter = async () => {
    const connection = stage.connection();
    for (let bearer = waiting.pop(); bearer !== undefined; bearer = waiting.pop()) {
      const client = await openClient("2026-07-28", connection, url, { bearer });
      for (let i = 0; i < TASKS_EACH; i += 1)
        videos.push({ bearer, ...(await submitVideo(url, connection, client, `Wave number ${i}`)) });
    }
  };
  await Promise.all(Array.from({ length: SUBMITTED_AT_ONCE }, submitter));
  return videos;
}

interface Polled {
  readonly timesMs: readonly number[];
  readonly failures: readonly string[];
  /** What the last good answer said. */
  readonly state: unknown;
}

/** Without a wait, so that what is timed is the server and not its patience. */
async function poll(stage: Stage<"veo">, { bearer, taskId }: Video, untilMs: number): Promise<Polled> {
  const url = stage.workerd.mcpUrl("veo");
  const connection = stage.connection();
  const client = await openClient("2026-07-28", connection, url, { bearer });
  const timesMs: number[] = [];
  const failures: string[] = [];
  let state: unknown;
  while (performance.now() < untilMs) {
    const request = client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 0 });
    const startMs = performance.now();
    try {
      const { isError, structuredContent } = answerSchema.parse(
        resultOf(await connection.post(url, request)),
      );
      timesMs.push(performance.now() - startMs);
      if (isError === true) failures.push(JSON.stringify(structuredContent));
      else state = structuredContent.state;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : "unknown");
    }
  }
  return { timesMs, failures, state };
}

const answerSchema = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.looseObject({ state: z.string().optional() }),
});
