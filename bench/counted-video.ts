import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { CostedClient } from "./costs.ts";
import { pollUntilDone, type Submitted, submitVideo } from "./generation.ts";
import type { Connection } from "./http-client.ts";
import { openListener } from "./listener.ts";
import { type LaneName, openClient, resultOf } from "./mcp-client.ts";
import type { Usage } from "./price-list.ts";
import { cpuMs } from "./process-cpu.ts";
import { follow } from "./tasks-extension.ts";

/** After a video, until everything that follows from it has happened. */
const SETTLED_MS = 3000;
/** Longer than any of the videos takes. */
const PATIENCE_MS = 200_000;
const WAIT_SECONDS = 50;
const STORED_VIDEOS = 200;
const PROMPT_CHARS = 500;
/** An object is billed for 128 MB. */
const OBJECT_GB = 0.128;
const SOCKET_MESSAGES_PER_REQUEST = 20;

/** The one account of a Worker that counts (`worker/counting.ts`). */
export interface VideoAccount {
  readonly url: string;
  connect(): Connection;
}

/** Orders many videos that are there at once. @returns what each leaves behind, and the CPU time of a request. */
export async function storeMany(
  { url, connect }: VideoAccount,
  processId: number,
): Promise<{ bytes: number; cpuMsPerRequest: number }> {
  const connection = connect();
  const client = await openClient("2026-07-28", connection, url);
  const prompt = `${"A lighthouse in the fog, seen from a boat. ".repeat(20).slice(0, PROMPT_CHARS - 7)} [sync]`;
  const submitMany = async () => {
    for (let i = 0; i < STORED_VIDEOS; i += 1) await submitVideo(url, connection, client, prompt);
  };
  await submitMany();
  const before = { bytes: (await countsAt(url)).storedBytes, cpuMs: cpuMs(processId) };
  await submitMany();
  return {
    bytes: ((await countsAt(url)).storedBytes - before.bytes) / STORED_VIDEOS,
    cpuMsPerRequest: (cpuMs(processId) - before.cpuMs) / STORED_VIDEOS,
  };
}

/**
 * Has a client order a video and follow it to its end.
 * @param cpuMsPerRequest of the Worker and its object together, so that the Worker's own is less.
 * @returns what that used.
 */
export async function usageOf(
  account: VideoAccount,
  client: CostedClient,
  cpuMsPerRequest: number,
): Promise<Usage> {
  const { url, connect } = account;
  // The first video of an account makes its tables, and has the doorbell heard.
  const connection = connect();
  const first = await openClient("2026-07-28", connection, url);
  await pollUntilDone(url, connection, first, await submitVideo(url, connection, first, "A kettle [fast]"));
  await sleep(SETTLED_MS);
  const before = await countsAt(url);
  await FOLLOWED[client](account);
  await sleep(SETTLED_MS);
  const after = await countsAt(url);
  const used = (what: keyof Counts) => after[what] - before[what];
  return {
    workerRequests: used("workerRequests"),
    workerCpuMs: used("workerRequests") * cpuMsPerRequest,
    objectRequests: used("calls") + used("alarms") + used("socketMessages") / SOCKET_MESSAGES_PER_REQUEST,
    objectGbSeconds: (used("busyMs") / 1000) * OBJECT_GB,
    rowsRead: used("rowsRead"),
    rowsWritten: used("rowsWritten"),
  };
}

const FOLLOWED: Readonly<Record<CostedClient, (account: VideoAccount) => Promise<unknown>>> = {
  polls: (account) => followByPolls(account),
  waits: (account) => followByPolls(account, WAIT_SECONDS),
  async tasks({ url, connect }) {
    const connection = connect();
    const client = await openClient("2026-07-28", connection, url, { knowsTasks: true });
    const order = client.callTool("veo_text_to_video", { prompt: "A kite above the dunes" });
    return follow(resultOf(await connection.post(url, order)), url, connection, client);
  },
  async listens(account) {
    const { connection, url, video } = await order(account, "2026-07-28");
    using listener = await openListener("2026-07-28", { url, connection }, [video.submissionId]);
    const isOver = () =>
      listener.newsOf(video.submissionId).find(({ message }) => message.params?.status === "completed");
    // Awaited here: the stream is closed with this function's end.
    return await listener.stream.until(isOver, PATIENCE_MS);
  },
};

async function followByPolls(account: VideoAccount, waitSeconds?: number): Promise<unknown> {
  const { connection, url, client, video } = await order(account, "2025-11-25");
  return pollUntilDone(url, connection, client, video, waitSeconds);
}

async function order({ url, connect }: VideoAccount, lane: LaneName) {
  const connection = connect();
  const client = await openClient(lane, connection, url);
  const video: Submitted = await submitVideo(url, connection, client, "A kite above the dunes");
  return { connection, url, client, video };
}

/** See `worker/counts.ts`. */
const countsSchema = z.object({
  workerRequests: z.number(),
  calls: z.number(),
  alarms: z.number(),
  socketMessages: z.number(),
  rowsRead: z.number(),
  rowsWritten: z.number(),
  busyMs: z.number(),
  storedBytes: z.number(),
});
type Counts = z.infer<typeof countsSchema>;

async function countsAt(url: string): Promise<Counts> {
  const response = await fetch(new URL("/benchmark/counts", url));
  return countsSchema.parse(await response.json());
}
