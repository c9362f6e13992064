import { z } from "zod";
import { EVERYBODY_PAYS, keyOf, WITH_DOORBELL } from "./deployments.ts";
import { submitVideo } from "./generation.ts";
import { openClient, resultOf } from "./mcp-client.ts";
import { median, percentile } from "./measure.ts";
import { atMost, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const ACCOUNTS = 200;
const TASKS_EACH = 5;
const POLLED_MS = 30_000;
/** So that tasks end, and are looked at, while all of them are polled. */
const GENERATION_MS = 30_000;
const SUBMITTED_AT_ONCE = 8;
const SHOWN_FAILURES = 5;

/** 200 accounts with five tasks each: all have a client that polls its tasks in turn, all at the same time. */
export const accounts: Part = async (bench) => {
  const variables = { ...EVERYBODY_PAYS, ...WITH_DOORBELL, CALLBACKS: "off" };
  await using stage = await setStage(bench, { veo: { generationMs: GENERATION_MS, variables } });
  const everybody = await submitAll(stage);
  const untilMs = performance.now() + POLLED_MS;
  const polled = await Promise.all(everybody.map((account) => poll(stage, account, untilMs)));
  const { unexpected } = stage.upstreams.veo.simulator;
  if (unexpected.length > 0) throw new Error(`unexpected requests: ${JSON.stringify(unexpected)}`);
  const timesMs = polled.flatMap((account) => account.timesMs);
  const failures = polled.flatMap((account) => account.failures);
  const ended = polled.reduce((sum, account) => sum + account.ended, 0);
  const seconds = POLLED_MS / 1000;
  const what = `errors in ${seconds} s of polls, ${ACCOUNTS} accounts with ${TASKS_EACH} tasks each`;
  const beside = `p99 of a poll ${rounded(percentile(timesMs, 0.99))} ms, p50 ${rounded(median(timesMs))} ms; ${Math.round(timesMs.length / seconds)} polls/s; ${ended} tasks seen to end`;
  return {
    lines: [atMost({ part: "accounts", what, beside }, failures.length, 0, "")],
    ...(failures.length > 0 && {
      notes: [`The first errors:\n${failures.slice(0, SHOWN_FAILURES).join("\n")}`],
    }),
  };
};

interface PolledAccount {
  readonly bearer: string;
  readonly taskIds: readonly string[];
}

async function submitAll(stage: Stage<"veo">): Promise<PolledAccount[]> {
  const url = stage.workerd.mcpUrl("veo");
  const made: PolledAccount[] = [];
  const waiting = Array.from({ length: ACCOUNTS }, (_, i) => keyOf(i));
  const submitter = async () => {
    const connection = stage.connection();
    for (let bearer = waiting.pop(); bearer !== undefined; bearer = waiting.pop()) {
      const client = await openClient("2026-07-28", connection, url, { bearer });
      const taskIds: string[] = [];
      for (let i = 0; i < TASKS_EACH; i += 1)
        taskIds.push((await submitVideo(url, connection, client, `Wave number ${i}`)).taskId);
      made.push({ bearer, taskIds });
    }
  };
  await Promise.all(Array.from({ length: SUBMITTED_AT_ONCE }, submitter));
  return made;
}

const answerSchema = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.looseObject({ state: z.string().optional() }),
});

interface Polled {
  readonly timesMs: readonly number[];
  readonly failures: readonly string[];
  readonly ended: number;
}

/** Without a wait, so that what is timed is the server and not its patience. */
async function poll(
  stage: Stage<"veo">,
  { bearer, taskIds }: PolledAccount,
  untilMs: number,
): Promise<Polled> {
  const url = stage.workerd.mcpUrl("veo");
  const connection = stage.connection();
  const client = await openClient("2026-07-28", connection, url, { bearer });
  const timesMs: number[] = [];
  const failures: string[] = [];
  const ended = new Set<string>();
  const ask = async (taskId: string) => {
    const request = client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 0 });
    const startMs = performance.now();
    const { isError, structuredContent } = answerSchema.parse(resultOf(await connection.post(url, request)));
    timesMs.push(performance.now() - startMs);
    if (isError === true) throw new Error(JSON.stringify(structuredContent));
    if (structuredContent.state === "succeeded") ended.add(taskId);
  };
  while (performance.now() < untilMs)
    for (const taskId of taskIds)
      await ask(taskId).catch((error: unknown) =>
        failures.push(error instanceof Error ? error.message : "unknown"),
      );
  return { timesMs, failures, ended: ended.size };
}
