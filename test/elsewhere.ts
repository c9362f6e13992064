import type { Simulator } from "./simulator/simulator.ts";

/** A video that was made straight at the upstream, past our server. */
export interface MadeElsewhere {
  taskId: string;
  traceId: string;
  videoId: string;
}

/**
 * Makes a video with a token as another client of the same token does: nothing of ours knows of it.
 * @param body of the request, beside what every request for a video has.
 */
export async function makeElsewhere(
  simulator: Simulator,
  token: string,
  body: Record<string, unknown> = {},
): Promise<MadeElsewhere> {
  const response = await simulator.fetch("https://upstream.test/veo/videos", {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      action: "text2video",
      prompt: "from elsewhere",
      model: "veo31-fast",
      async: true,
      ...body,
    }),
  });
  const made = simulator.tasks.at(-1);
  if (!response.ok || made === undefined) throw new Error(`not made: ${await response.text()}`);
  return { taskId: made.taskId, traceId: made.traceId, videoId: made.videoIds[0] ?? "" };
}
