import { setTimeout as sleep } from "node:timers/promises";
import type { RealClient } from "../../test/e2e/sdk-clients.ts";
import { ToolFailure, type ToolResult } from "../../test/e2e/tool-result.ts";
import { follow } from "./following.ts";
import type { Order } from "./orders.ts";
import type { Seat } from "./seat.ts";
import { note, type Story, setbackOf } from "./story.ts";

/** As often as a sensible person tries before they do something else. */
const MAX_CALLS = 6;
/** After these, the same request makes sense again: nothing was sent, or the upstream said no for now. */
const PASSING = ["rate_limited", "limit_reached"];

/** Somebody orders a video, and follows it until it is there, or until they lose patience. */
export async function converse(seat: Seat, order: Order, tell: (story: Story) => void): Promise<void> {
  const story: Story = { order, calls: 0, isUnderWay: false, setbacks: [], ids: new Set() };
  tell(story);
  if (order.manner === "leaves") await callAndLeave(seat, story);
  const id = await place(seat, story);
  if (id !== undefined && story.ended === undefined) await follow(seat, story, id);
}

/** Sends the order, and goes before there is an answer. */
async function callAndLeave(seat: Seat, story: Story): Promise<void> {
  const { stayMs, pauseMs } = story.order;
  try {
    const client = await seat.connect();
    send(story, client).catch(() => undefined);
    await sleep(stayMs);
    await client.close();
  } catch (error) {
    story.setbacks.push(setbackOf(error));
  }
  await sleep(pauseMs);
}

/**
 * Orders. Whoever has a key repeats what was not answered; without one they look first whether it is there, and never
 * repeat what is being found out.
 * @returns the id to follow; undefined when it was refused, or every try failed.
 */
async function place(seat: Seat, story: Story): Promise<string | undefined> {
  const { args, pauseMs } = story.order;
  while (story.calls < MAX_CALLS) {
    try {
      const looksFirst = story.calls > 0 && args.idempotency_key === undefined;
      const found = looksFirst ? await find(seat, story) : undefined;
      if (found !== undefined) return found;
      const { structuredContent } = await seat.use((client) => send(story, client));
      return note(story, structuredContent);
    } catch (error) {
      story.setbacks.push(setbackOf(error));
      if (error instanceof ToolFailure) {
        if (error.code === "submission_undetermined") return find(seat, story).catch(() => undefined);
        if (!PASSING.includes(error.code)) return undefined;
      }
    }
    await sleep(pauseMs);
  }
  return undefined;
}

async function send(story: Story, client: RealClient): Promise<ToolResult> {
  const { tool, args } = story.order;
  story.calls += 1;
  story.isUnderWay = true;
  try {
    return await client.callTool(tool, args);
  } finally {
    story.isUnderWay = false;
  }
}

/** Looks for the order by its word. One that never arrived, or was refused, does not stand in the way of another. */
async function find(seat: Seat, story: Story): Promise<string | undefined> {
  const { structuredContent } = await seat.use((client) =>
    client.callTool("veo_list_tasks", { query: story.order.word }),
  );
  const task = structuredContent.tasks?.find(
    ({ state, task_id }) => state !== "failed" || task_id !== undefined,
  );
  return task === undefined ? undefined : note(story, task);
}
