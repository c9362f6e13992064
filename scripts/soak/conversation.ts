import { setTimeout as sleep } from "node:timers/promises";
import { ToolFailure } from "../../test/e2e/tool-result.ts";
import type { Order } from "./orders.ts";
import type { Seat } from "./seat.ts";

/** What became of an order, as the one who made it sees it. */
export interface Story {
  readonly order: Order;
  /** How often it was sent. */
  calls: number;
  /** What was heard instead of an answer: codes of tools that failed, and what clients said of all else. */
  readonly setbacks: string[];
  /** Every id that was given for it. */
  readonly ids: Set<string>;
  /** Its state, when somebody was told that it is over. */
  ended?: string;
}

/** Longer than most videos take here; what then still is not there is left to the end of the run. */
const PATIENCE_MS = 150_000;
/** As often as a sensible person tries before they do something else. */
const MAX_CALLS = 6;
/** After these, the same request makes sense again: nothing was sent, or the upstream said no for now. */
const PASSING = ["rate_limited", "limit_reached"];
const MAX_SAID_CHARS = 100;

/** What somebody heard instead of an answer: the code of a tool that failed, or what the client says of the rest. */
function setbackOf(error: unknown): string {
  if (error instanceof ToolFailure) return error.code;
  const [said = ""] = String(error).split("\n", 1);
  return `${NO_ANSWER}: ${said.replace(/https?:\S+/g, "…").slice(0, MAX_SAID_CHARS)}`;
}

/** Begins the setbacks in which no tool has a part. */
export const NO_ANSWER = "no answer";

/** Somebody orders a video, and follows it until it is there, or until they lose patience. */
export async function converse(seat: Seat, order: Order, tell: (story: Story) => void): Promise<void> {
  const story: Story = { order, calls: 0, setbacks: [], ids: new Set() };
  tell(story);
  if (order.manner === "leaves") await callAndLeave(seat, story);
  const id = await place(seat, story);
  if (id !== undefined && story.ended === undefined) await follow(seat, story, id);
}

/** Sends the order, and goes before there is an answer. */
async function callAndLeave(seat: Seat, story: Story): Promise<void> {
  const { tool, args, stayMs, pauseMs } = story.order;
  try {
    const client = await seat.connect();
    story.calls += 1;
    client.callTool(tool, args).catch(() => undefined);
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
  const { tool, args, pauseMs } = story.order;
  while (story.calls < MAX_CALLS) {
    const repeats = story.calls > 0;
    try {
      const found = repeats && args.idempotency_key === undefined && (await find(seat, story));
      if (found !== false && found !== undefined) return found;
      story.calls += 1;
      const { structuredContent } = await seat.use((client) => client.callTool(tool, args));
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

async function follow(seat: Seat, story: Story, id: string): Promise<void> {
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

interface Seen {
  readonly state?: string | undefined;
  readonly task_id?: string | undefined;
  readonly submission_id?: string | undefined;
}

/** Writes down what an answer says of the order. */
function note(story: Story, { state, task_id, submission_id }: Seen): string | undefined {
  const id = task_id ?? submission_id;
  if (id !== undefined) story.ids.add(id);
  if (state === "succeeded" || state === "failed") story.ended = state;
  return id;
}
