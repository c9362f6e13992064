import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { z } from "zod";

export const pollerSchema = z.object({ url: z.string(), taskId: z.string() });

const pollSchema = z.object({
  /** Epoch milliseconds. */
  sentAtMs: z.number(),
  tookMs: z.number(),
});
/** One poll of a finished task. */
export type TimedPoll = z.infer<typeof pollSchema>;

/**
 * Polls a finished task of the account that the access key opens, one call after the other, while something goes on.
 * In a thread of its own: the simulated upstream keeps this one busy, which would count as the server's time.
 */
export async function pollWhile(
  poller: z.infer<typeof pollerSchema>,
  meanwhile: () => Promise<unknown>,
): Promise<TimedPoll[]> {
  const thread = new Worker(join(import.meta.dirname, "poller-thread.ts"), { workerData: poller });
  const failed = once(thread, "error").then(([error]) => Promise.reject(error));
  try {
    await Promise.race([meanwhile(), failed]);
    thread.postMessage("stop");
    const [polls] = await Promise.race([once(thread, "message"), failed]);
    return z.array(pollSchema).parse(polls);
  } finally {
    await thread.terminate();
  }
}
