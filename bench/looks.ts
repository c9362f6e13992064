import { EVERYBODY_PAYS, keyOf, WITH_DOORBELL } from "./deployments.ts";
import { overForMs, pollUntilDone, submitVideo } from "./generation.ts";
import { openClient } from "./mcp-client.ts";
import { atMost, rounded } from "./report.ts";
import { type Part, type Stage, setStage } from "./stage.ts";

const MOST_QUERIES = 2;
const SECOND_MS = 1000;
/** The longest is looked at once, after two minutes, before it ends. */
const DURATIONS_S = { quick: [10, 30, 60], full: [10, 30, 60, 90, 120, 130] };
/** What the same costs otherwise: the first video of an account, and one without a doorbell. */
const COMPARED_S = 60;

/** A video of an account of its own. */
interface Case {
  readonly worker: "ringing" | "silent";
  readonly seconds: number;
  /** Whether the upstream rang for the account before. */
  readonly hasHeard: boolean;
}

/** How often the upstream is asked about a video, while a client polls it as fast as it gets answers. */
export const looks: Part = async (bench) => {
  const durations = bench.isQuick ? DURATIONS_S.quick : DURATIONS_S.full;
  await using stage = await setStage(bench, {
    ringing: { variables: { ...EVERYBODY_PAYS, ...WITH_DOORBELL } },
    silent: { variables: { ...EVERYBODY_PAYS, ...WITH_DOORBELL, CALLBACKS: "off" } },
  });
  const cases: Case[] = [
    ...durations.map((seconds) => ({ worker: "ringing", seconds, hasHeard: true }) as const),
    { worker: "ringing", seconds: COMPARED_S, hasHeard: false },
    { worker: "silent", seconds: COMPARED_S, hasHeard: false },
  ];
  const accounts = await Promise.all(cases.map((one) => openAccount(stage, one)));
  const pending: Promise<Outcome>[] = [];
  // One after the other, since how long a generation takes is a setting of the simulator.
  for (const account of accounts) pending.push((await account.order()).outcome);
  const outcomes = await Promise.all(pending);
  const heard = outcomes.slice(0, durations.length);
  const [first, silent] = outcomes.slice(durations.length).map(described);
  const line = atMost(
    {
      part: "looks",
      what: "task queries of a video, once the doorbell was heard",
      beside: `the most of ${heard.length} videos of ${durations[0]} to ${durations.at(-1)} s`,
    },
    Math.max(...heard.map(({ queries }) => queries)),
    MOST_QUERIES,
    "",
  );
  const note = [
    "Task queries of a video, and how long after its end a client knew that polls hastily:",
    ...heard.map((outcome) => `  ${described(outcome)}`),
    `  ${first}, as the first video of an account`,
    `  ${silent}, without a doorbell`,
  ].join("\n");
  return { lines: [line], notes: [note] };
};

interface Outcome {
  readonly seconds: number;
  readonly queries: number;
  /** How long the video had been done when the client knew. */
  readonly lateMs: number;
}

const described = ({ seconds, queries, lateMs }: Outcome): string =>
  `video of ${seconds} s: ${queries}, after ${rounded(lateMs / SECOND_MS)} s`;

async function openAccount(stage: Stage<Case["worker"]>, { worker, seconds, hasHeard }: Case) {
  const url = stage.workerd.mcpUrl(worker);
  const { simulator } = stage.upstreams[worker];
  const connection = stage.connection();
  const bearer = keyOf(`${seconds}-${hasHeard}`);
  const client = await openClient("2026-07-28", connection, url, { bearer });
  if (hasHeard) {
    const video = await submitVideo(url, connection, client, "A kettle [fast]");
    await pollUntilDone(url, connection, client, video);
  }
  const queries = () => simulator.requestsTo("tasks").filter(({ token }) => token === bearer).length;
  // A key is checked with a query too, at its first call.
  const before = hasHeard ? queries() : 1;
  return {
    async order(): Promise<{ outcome: Promise<Outcome> }> {
      simulator.configure({ generationMs: seconds * SECOND_MS });
      const video = await submitVideo(url, connection, client);
      const wait = async (): Promise<Outcome> => {
        await pollUntilDone(url, connection, client, video);
        return { seconds, queries: queries() - before, lateMs: overForMs(simulator, video) };
      };
      return { outcome: wait() };
    },
  };
}
