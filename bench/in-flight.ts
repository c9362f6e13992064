import { setTimeout as sleep } from "node:timers/promises";
import { makeFinishedTask } from "./finished-task.ts";
import { ENDLESS_MS, submitVideo } from "./generation.ts";
import { openClient } from "./mcp-client.ts";
import { median, mostInAnyWindow, percentile } from "./measure.ts";
import { pollWhile } from "./poller.ts";
import { cpuMs } from "./process-cpu.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Round, roundsOf } from "./rounds.ts";
import { type Part, type Stage, setStage } from "./stage.ts";
import { countSucceeded } from "./task-list.ts";

const TASKS = 1000;
const PER_REQUEST = 50;
const CONNECTIONS = 8;
const WINDOW_MS = 10_000;
const MOST_REQUESTS_PER_WINDOW = 40;
const MOST_CPU_MS = 1000;
const MOST_TIMES_IDLE = 3;
/** How long a query takes while a client polls: a real upstream takes longer, and a round then hides even better. */
const UPSTREAM_MS = 100;
/** One refusal that asks for so much patience: after it, all tasks are due in one round, the worst there is. */
const RETRY_AFTER_S = 15;
/** After a round's last request, until what it answered is certainly written. */
const WRITTEN_MS = 1000;
const SAMPLE_EVERY_MS = 50;
const ROUND_TIMEOUT_MS = 120_000;
const PART = "in-flight";

/** 1,000 tasks of one account at once: what the upstream is asked, what a round costs, and who notices it. */
export const inFlight: Part = async (bench) => {
  await using stage = await setStage(bench, { veo: { generationMs: ENDLESS_MS } });
  const { simulator } = stage.upstreams.veo;
  const url = stage.workerd.mcpUrl("veo");
  const taskId = await makeFinishedTask(stage);
  await submitAll(stage);
  const submittedAtMs = Date.now();
  const refusal = { status: 429, code: "too_many_requests", retryAfterSeconds: RETRY_AFTER_S };
  simulator.inject({ kind: "status", match: "tasks", ...refusal });
  const pending = await cpuOfRounds(stage, 2, () => undefined);
  simulator.inject({ kind: "latency", match: "tasks", times: "forever", latencyMs: UPSTREAM_MS });
  const polls = await pollWhile({ url, taskId }, () => wholeRounds(stage, 2));
  simulator.clearFaults();
  const ending = await cpuOfRounds(stage, 1, () => simulator.finish());

  const requestedAtMs = simulator.requests.map(({ at }) => at).filter((at) => at >= submittedAtMs);
  const connection = stage.connection();
  const ended = await countSucceeded(connection, await openClient("2026-07-28", connection, url), url);
  if (ended !== TASKS + 1) throw new Error(`${ended} tasks ended, not ${TASKS} and the one that is polled`);
  const about = {
    part: PART,
    what: `upstream requests in any ${WINDOW_MS / 1000} s, ${TASKS} tasks in flight`,
  };
  const asked = `${requestedAtMs.length} in all; each asks for ${PER_REQUEST} tasks, all of them every 10 s`;
  const most = mostInAnyWindow(requestedAtMs, WINDOW_MS);
  const cpu = `of the whole process; ${pending.join(" and ")} ms while they go on, ${ending.join()} ms when all end`;
  return {
    lines: [
      atMost({ ...about, beside: asked }, most, MOST_REQUESTS_PER_WINDOW, ""),
      atMost(
        { part: PART, what: `CPU of an alarm round, ${TASKS} tasks due`, beside: cpu },
        Math.max(...pending, ...ending),
        MOST_CPU_MS,
        " ms",
      ),
      pollLine(polls, roundsOf(requestedAtMs)),
    ],
  };
};

async function submitAll(stage: Stage<"veo">): Promise<void> {
  const url = stage.workerd.mcpUrl("veo");
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, lane) => {
      const connection = stage.connection();
      const client = await openClient("2026-07-28", connection, url);
      for (let i = lane; i < TASKS; i += CONNECTIONS)
        await submitVideo(url, connection, client, `Wave number ${i} of the sea`);
    }),
  );
}

/** Waits for so many more rounds that ask about all tasks. @returns them, when what they answered is written. */
async function wholeRounds(stage: Stage<"veo">, count: number): Promise<Round[]> {
  const { simulator } = stage.upstreams.veo;
  const begunAtMs = Date.now();
  let rounds: Round[] = [];
  while (Date.now() - begunAtMs < ROUND_TIMEOUT_MS) {
    await sleep(SAMPLE_EVERY_MS);
    const times = simulator.requestsTo("tasks").map(({ at }) => at);
    rounds = roundsOf(times.filter((at) => at >= begunAtMs));
    const whole = rounds.filter(
      ({ requests, toMs }) => requests === TASKS / PER_REQUEST && Date.now() - toMs > WRITTEN_MS,
    );
    if (whole.length >= count) return whole;
  }
  const seen = rounds.map(({ requests }) => requests).join(" ");
  throw new Error(
    `there were no ${count} rounds with ${TASKS} tasks, but rounds of so many requests: ${seen}`,
  );
}

/** @returns the CPU time of workerd in each of so many rounds, with nothing else to do. */
async function cpuOfRounds(stage: Stage<"veo">, count: number, begin: () => void): Promise<number[]> {
  const { processId } = stage.workerd;
  const samples: { atMs: number; usedMs: number }[] = [];
  const sample = () => samples.push({ atMs: Date.now(), usedMs: cpuMs(processId) });
  sample();
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  begin();
  const rounds = await wholeRounds(stage, count).finally(() => clearInterval(timer));
  sample();
  return rounds.map(({ fromMs, toMs }) => {
    // The object was up a little before its first request was here.
    const before = samples.findLast(({ atMs }) => atMs < fromMs - SAMPLE_EVERY_MS) ?? samples[0];
    const after = samples.find(({ atMs }) => atMs > toMs + WRITTEN_MS) ?? samples.at(-1);
    return (after?.usedMs ?? 0) - (before?.usedMs ?? 0);
  });
}

function pollLine(polls: Awaited<ReturnType<typeof pollWhile>>, rounds: readonly Round[]): Line {
  const overlaps = (marginMs: number) => (poll: (typeof polls)[number]) =>
    rounds.some(
      ({ fromMs, toMs }) =>
        poll.sentAtMs + poll.tookMs >= fromMs - marginMs && poll.sentAtMs <= toMs + marginMs,
    );
  const during = polls.filter(overlaps(0)).map(({ tookMs }) => tookMs);
  // What is near a round is neither.
  const nearRound = overlaps(WRITTEN_MS);
  const idle = polls.filter((poll) => !nearRound(poll)).map(({ tookMs }) => tookMs);
  const text = (timesMs: number[]) =>
    `p50 ${rounded(median(timesMs))} ms, p95 ${rounded(percentile(timesMs, 0.95))} ms`;
  const beside = `${text(during)} of ${during.length}; idle ${text(idle)}; a query takes ${UPSTREAM_MS} ms`;
  const what = "veo_get_task, cached, during a round, to idle";
  return atMost({ part: PART, what, beside }, median(during) / median(idle), MOST_TIMES_IDLE, "×");
}
