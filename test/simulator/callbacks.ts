import { finalBodyOf } from "./record.ts";
import type { SimulatedTask } from "./task.ts";
import type { World } from "./world.ts";

/** A callback that was tried. */
export interface CallbackDelivery {
  /** When it was sent, in Unix milliseconds. */
  readonly at: number;
  readonly taskId: string;
  readonly url: string;
  /** What the receiver answered; null when it could not be reached. */
  readonly status: number | null;
}

const EARLY_MS = 4000;
const LATE_MS = 60_000;
const REPEATED_AFTER_MS = 20_000;
const FLOOD_COUNT = 100;
const FLOOD_EVERY_MS = 1200;

/** When a task calls back, in ascending order: once, when it ends, unless its words say otherwise. */
function callbackTimesOf({ order, words, submittedAtMs, finishesAtMs }: SimulatedTask): number[] {
  if (order.callback_url === undefined || words.includes("[no-callback]")) return [];
  if (words.includes("[early-callback]")) return [finishesAtMs - EARLY_MS];
  if (words.includes("[late-callback]")) return [finishesAtMs + LATE_MS];
  if (words.includes("[repeated-callback]"))
    return [finishesAtMs, finishesAtMs, finishesAtMs + REPEATED_AFTER_MS];
  if (words.includes("[callback-flood]"))
    return Array.from({ length: FLOOD_COUNT }, (_, index) => submittedAtMs + index * FLOOD_EVERY_MS);
  return [finishesAtMs];
}

/** @returns when the next callback is due (Unix milliseconds), or null when none is going to be. */
export function nextCallbackAtMs(world: World): number | null {
  const next = Math.min(
    ...world.tasks.map((task) => callbackTimesOf(task)[task.callbacksMade] ?? Number.POSITIVE_INFINITY),
  );
  return Number.isFinite(next) ? next : null;
}

/** Calls back for every task that wants it by now; without retries. */
export async function deliverCallbacks(
  world: World,
  send: (request: Request) => Promise<Response>,
): Promise<CallbackDelivery[]> {
  const nowMs = world.now();
  const due = world.tasks.flatMap((task) => {
    const made = task.callbacksMade;
    task.callbacksMade = callbackTimesOf(task).filter((ms) => ms <= nowMs).length;
    return Array.from({ length: task.callbacksMade - made }, () => task);
  });
  return Promise.all(
    due.map(async (task) => {
      const { taskId, order } = task;
      const url = order.callback_url ?? "";
      const delivery = { at: nowMs, taskId, url, status: await statusOf(send, url, finalBodyOf(task)) };
      world.callbacks.push(delivery);
      return delivery;
    }),
  );
}

async function statusOf(
  send: (request: Request) => Promise<Response>,
  url: string,
  body: object,
): Promise<number | null> {
  const headers = { "content-type": "application/json" };
  try {
    const answer = await send(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return null;
  }
}
