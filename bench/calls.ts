import { z } from "zod";
import { originalPolls, overForMs } from "./generation.ts";
import { type ClientOptions, LANE_NAMES, type LaneName, openClient, resultOf } from "./mcp-client.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";
import { follow } from "./tasks-extension.ts";

const GENERATION_MS = 120_000;
const MOST_POLLS = 7;
const WAIT_SECONDS = 50;
const SECOND_MS = 1000;
const PART = "calls";

/** What a model reads of an answer. */
const answerSchema = z.object({
  isError: z.literal(false).optional(),
  structuredContent: z.looseObject({
    task_id: z.string(),
    state: z.string(),
    videos: z.array(z.object({ video_url: z.string() })).default([]),
  }),
});
type Answer = z.infer<typeof answerSchema>["structuredContent"];

/** What carries out a model's call, and comes back with what the model reads. */
type Host = (tool: string, args: Record<string, unknown>) => Promise<Answer>;

/** How many calls a model makes for a video of 120 s, if it asks again as soon as it has an answer. */
export const calls: Part = async (bench) => {
  await using stage = await setStage(bench, { veo: { generationMs: GENERATION_MS } });
  const lines = await Promise.all([
    lineWithTasks(stage),
    ...LANE_NAMES.flatMap((lane) => [lineWithout(stage, lane), lineWithout(stage, lane, WAIT_SECONDS)]),
  ]);
  return { lines };
};

async function lineWithTasks(stage: Stage<"veo">): Promise<Line> {
  const { connection, client, url } = await open(stage, "2026-07-28", { knowsTasks: true });
  let queries = 0;
  const host: Host = async (tool, args) => {
    const called = resultOf(await connection.post(url, client.callTool(tool, args)));
    const followed = await follow(called, url, connection, client);
    queries += followed.queries;
    return answerSchema.parse(followed.result).structuredContent;
  };
  const { calls, lateSeconds } = await makeVideo(stage, host);
  const beside = `${queries} tasks/get by the client itself, known after ${lateSeconds} s; original server: ${1 + originalPolls(GENERATION_MS)}`;
  return atMost({ part: PART, what: "calls of a model whose client knows tasks", beside }, calls, 1, "");
}

async function lineWithout(stage: Stage<"veo">, lane: LaneName, waitSeconds?: number): Promise<Line> {
  const { connection, client, url } = await open(stage, lane, {});
  const host: Host = async (tool, args) =>
    answerSchema.parse(resultOf(await connection.post(url, client.callTool(tool, args)))).structuredContent;
  const { calls, lateSeconds } = await makeVideo(stage, host, waitSeconds);
  const what = `polls of a model without tasks, ${waitSeconds === undefined ? "no wait" : `wait_seconds ${waitSeconds}`}, ${lane}`;
  const beside = `beside the submission; known after ${lateSeconds} s; original server: ${originalPolls(GENERATION_MS)}`;
  return atMost({ part: PART, what, beside }, calls - 1, MOST_POLLS, "");
}

async function open(stage: Stage<"veo">, lane: LaneName, options: ClientOptions) {
  const connection = stage.connection();
  const url = stage.workerd.mcpUrl("veo");
  return { connection, url, client: await openClient(lane, connection, url, options) };
}

/** What a model does that wants a video: the same whatever its client knows. */
async function makeVideo(
  stage: Stage<"veo">,
  host: Host,
  waitSeconds?: number,
): Promise<{ calls: number; lateSeconds: string }> {
  let answer = await host("veo_text_to_video", { prompt: "A kite above the dunes" });
  let calls = 1;
  while (answer.state === "processing") {
    const wait = waitSeconds !== undefined && { wait_seconds: waitSeconds };
    answer = await host("veo_get_task", { task_id: answer.task_id, ...wait });
    calls += 1;
  }
  if (answer.state !== "succeeded" || answer.videos.length === 0)
    throw new Error(`no video came of it: ${JSON.stringify(answer)}`);
  const lateMs = overForMs(stage.upstreams.veo.simulator, { taskId: answer.task_id });
  return { calls, lateSeconds: rounded(lateMs / SECOND_MS) };
}
