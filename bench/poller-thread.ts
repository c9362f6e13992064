import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { Connection } from "./http-client.ts";
import { openClient, toolAnswerOf } from "./mcp-client.ts";
import { pollerSchema, type TimedPoll } from "./poller.ts";

/** Polls one task, one call after the other, until it is told to stop; then it says how long each call took. */
const { url, taskId } = pollerSchema.parse(workerData);
using connection = new Connection();
const client = await openClient("2026-07-28", connection, url);
const polls: TimedPoll[] = [];
let isOver = false;
parentPort?.once("message", () => {
  isOver = true;
});
while (!isOver) {
  const request = client.callTool("veo_get_task", { task_id: taskId });
  const startMs = performance.now();
  const answer = await connection.post(url, request);
  const tookMs = performance.now() - startMs;
  z.object({ state: z.literal("succeeded") }).parse(toolAnswerOf(answer));
  polls.push({ sentAtMs: performance.timeOrigin + startMs, tookMs });
}
parentPort?.postMessage(polls);
