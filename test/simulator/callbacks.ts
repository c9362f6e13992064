import { finalBodyOf } from "./record.ts";
import { stateOf } from "./task.ts";
import type { World } from "./world.ts";

/** A callback that was tried. */
export interface CallbackDelivery {
  readonly taskId: string;
  readonly url: string;
  /** What the receiver answered; null when it could not be reached. */
  readonly status: number | null;
}

/** Calls back, once and without retries, for every task that is done and wants it. */
export async function deliverCallbacks(
  world: World,
  send: (request: Request) => Promise<Response>,
): Promise<CallbackDelivery[]> {
  const due = world.tasks.filter((task) => !task.callbackSettled && stateOf(task, world.now()) !== "pending");
  const deliveries = due.map(async (task): Promise<CallbackDelivery> => {
    task.callbackSettled = true;
    const taskId = task.taskId;
    const url = task.order.callback_url ?? "";
    const body = JSON.stringify(finalBodyOf(task));
    const headers = { "content-type": "application/json" };
    try {
      const answer = await send(new Request(url, { method: "POST", headers, body }));
      await answer.body?.cancel();
      return { taskId, url, status: answer.status };
    } catch {
      return { taskId, url, status: null };
    }
  });
  return Promise.all(deliveries);
}
