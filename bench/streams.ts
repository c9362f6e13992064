import { setTimeout as sleep } from "node:timers/promises";
import type { Simulator } from "../test/simulator/simulator.ts";
import { EVERYBODY_PAYS, keyOf, WITH_DOORBELL } from "./deployments.ts";
import { ENDLESS_MS, ring, type Submitted, submitVideo } from "./generation.ts";
import { openInspector, residentKib } from "./inspector.ts";
import { type Listener, openListener } from "./listener.ts";
import { LANE_NAMES, openClient } from "./mcp-client.ts";
import { median } from "./measure.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const ACCOUNTS = 10;
/** As many as an account may have. */
const STREAMS_EACH = 50;
const STREAMS = ACCOUNTS * STREAMS_EACH;
/** workerd takes an object out of memory after 10 s in which nothing happened (`workerd.capnp`). */
const SILENCE_MS = 20_000;
/** There is one for every object that is in memory. */
const CLASS_OF_OBJECT = "Ledger";
/** A comment comes every 5 s on each stream. */
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
const MOST_TOLD_MS = 2000;
const KIB_PER_MIB = 1024;
const PART = "streams";

/** Ten accounts with as many open streams as they may have: their memory, and the time to tell them all. */
export const streams: Part = async (bench) => {
  const variables = { ...EVERYBODY_PAYS, ...WITH_DOORBELL };
  const setup = { veo: { generationMs: ENDLESS_MS, variables } };
  await using stage = await setStage(bench, setup, { isInspected: true });
  const health = new URL("/health", stage.workerd.mcpUrl("veo"));
  const stir = async () => (await fetch(health)).body?.cancel();
  using inspector = await openInspector(stage.workerd.inspectorUrl("veo"), stir);
  const accounts = await Promise.all(
    Array.from({ length: ACCOUNTS }, (_, i) => openAccount(stage, keyOf(i))),
  );
  const weigh = async () => ({
    heap: await inspector.heapKib(),
    resident: residentKib(stage.workerd.processId),
  });
  const without = await weigh();
  using stack = new DisposableStack();
  const opened = await Promise.all(
    accounts.map(async ({ open, videos }) => ({ videos, listeners: await open(stack) })),
  );
  const withStreams = await weigh();
  await sleep(SILENCE_MS);
  const asleep = await weigh();
  // Last, since to count them the engine needs much more memory than they do.
  const stillThere = await inspector.instancesOf(CLASS_OF_OBJECT);

  const tell = (which: keyof Videos) => tellAll(stage.upstreams.veo.simulator, opened, which);
  const told = { asleep: await tell("first"), awake: await tell("second") };
  const counted = await inspector.instancesOf(CLASS_OF_OBJECT);
  if (counted !== ACCOUNTS)
    throw new Error(`${counted} objects were counted, not ${ACCOUNTS}: see streams.ts`);

  const toldLine = (where: string, { firstMs, halfMs, lastMs }: Told) => {
    const beside = `one ring for each of ${ACCOUNTS} accounts; the first after ${rounded(firstMs)} ms, half of them after ${rounded(halfMs)} ms`;
    const what = `until the last of ${STREAMS} streams is told, objects ${where} memory`;
    return atMost({ part: PART, what, beside }, lastMs, MOST_TOLD_MS, " ms");
  };
  const left = {
    part: PART,
    what: `objects in memory under ${STREAMS} open streams, after ${SILENCE_MS / 1000} s of silence`,
    beside: `of ${ACCOUNTS}; with them ${rounded(withStreams.heap - asleep.heap)} KiB of JavaScript went`,
  };
  return {
    lines: [
      atMost(left, stillThere, 0, ""),
      toldLine("out of", told.asleep),
      toldLine("in", told.awake),
      await onceLine(opened),
    ],
    notes: [
      [
        `Memory of workerd, ${ACCOUNTS} accounts (JavaScript after a collection; what the process has in all):`,
        `  without streams:                   ${weightText(without)}`,
        `  ${STREAMS} streams:                       ${weightText(withStreams)}, so ${rounded((withStreams.heap - without.heap) / STREAMS)} KiB of JavaScript a stream`,
        `  ${STREAMS} streams, after the silence:    ${weightText(asleep)}`,
      ].join("\n"),
    ],
  };
};

interface Weight {
  readonly heap: number;
  readonly resident: number | undefined;
}
const weightText = ({ heap, resident }: Weight): string =>
  `${rounded(heap / KIB_PER_MIB)} MiB; ${resident === undefined ? "unknown" : `${Math.round(resident / KIB_PER_MIB)} MiB`}`;

interface Told {
  readonly firstMs: number;
  readonly halfMs: number;
  readonly lastMs: number;
}

/** Rings once for every account, at the same moment. @returns how long after that the streams were told. */
async function tellAll(simulator: Simulator, opened: readonly Opened[], which: keyof Videos): Promise<Told> {
  const { sentAtMs } = await ring(
    simulator,
    opened.map(({ videos }) => videos[which].taskId),
  );
  const heard = await Promise.all(
    opened.flatMap(({ videos, listeners }) =>
      listeners.map((listener) => listener.hears(videos[which].submissionId)),
    ),
  );
  const afterMs = heard.map(({ atMs }) => atMs - sentAtMs);
  return { firstMs: Math.min(...afterMs), halfMs: median(afterMs), lastMs: Math.max(...afterMs) };
}

interface Opened {
  readonly videos: Videos;
  readonly listeners: readonly Listener[];
}

interface Videos {
  readonly first: Submitted;
  readonly second: Submitted;
}

/** An account with two videos in flight that are not looked at before the upstream rings. */
async function openAccount(stage: Stage<"veo">, bearer: string) {
  const url = stage.workerd.mcpUrl("veo");
  const connection = stage.connection();
  const client = await openClient("2026-07-28", connection, url, { bearer });
  const submit = () => submitVideo(url, connection, client);
  await ring(stage.upstreams.veo.simulator, [(await submit()).taskId]);
  const videos: Videos = { first: await submit(), second: await submit() };
  const ids = Object.values(videos).map(({ submissionId }) => submissionId);
  return {
    videos,
    /** Opens its streams, as many of each generation. */
    async open(stack: DisposableStack): Promise<Listener[]> {
      const listeners: Listener[] = [];
      for (let i = 0; i < STREAMS_EACH; i += 1) {
        const lane = LANE_NAMES[i % LANE_NAMES.length] ?? "2026-07-28";
        listeners.push(stack.use(await openListener(lane, { url, connection, bearer }, ids)));
      }
      return listeners;
    },
  };
}

/** Whether everybody was told of each video once: what comes before a comment on a stream is here with it. */
async function onceLine(opened: readonly Opened[]): Promise<Line> {
  const counts = await Promise.all(
    opened.flatMap(({ videos, listeners }) =>
      listeners.map(async ({ stream, newsOf }) => {
        const before = stream.keepAlives;
        await stream.until(() => (stream.keepAlives > before ? true : undefined), KEEP_ALIVE_TIMEOUT_MS);
        return Object.values(videos).map(({ submissionId }) => newsOf(submissionId).length);
      }),
    ),
  );
  const wanted = STREAMS * 2;
  return {
    part: PART,
    what: "news of 2 events at all of them",
    measured: `${counts.flat().reduce((sum, count) => sum + count, 0)}`,
    limit: `= ${wanted}`,
    isMet: counts.flat().length === wanted && counts.flat().every((count) => count === 1),
    beside: "each of them once on each stream",
  };
}
