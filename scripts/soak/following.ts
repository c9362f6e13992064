import { setTimeout as sleep } from "node:timers/promises";
import type { Seat } from "./seat.ts";
import { note, type Story, setbackOf } from "./story.ts";

/** Longer than most videos take here. What then still is not there is left to the end of the run. */
const PATIENCE_MS = 90_000;

/** Follows a video until it is over, as its order has it. */
export async function follow(seat: Seat, story: Story, id: string): Promise<void> {
  const { manner, pauseMs } = story.order;
  const untilMs = Date.now() + PATIENCE_MS;
  const args = { task_id: id, ...(manner === "waits" && { wait_seconds: 50 }) };
  while (story.ended === undefined && Date.now() < untilMs) {
    try {
      if (manner === "subscribes") await news(seat, `veo://tasks/${id}`);
      const { structuredContent } = await seat.use((client) => client.callTool("veo_get_task", args));
      note(story, structuredContent);
    } catch (error) {
      story.setbacks.push(setbackOf(error));
    }
    await sleep(pauseMs);
  }
}

/** Waits until the client hears of a task, where it can; not for ever, since the news may be older than the wait. */
async function news(seat: Seat, uri: string): Promise<void> {
  const heard = await seat.use(async (client) => {
    if (!("subscribe" in client)) return undefined;
    const { ended } = await client.subscribe(uri);
    return { client, ended };
  });
  if (heard === undefined) return;
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  heard.ended.then(end, end);
  const untilMs = Date.now() + 30_000;
  while (!isOver && !heard.client.updated.includes(uri) && Date.now() < untilMs) await sleep(250);
}
