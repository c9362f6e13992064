import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "../../test/e2e/server.ts";
import { CLIENTS } from "./clients.ts";
import { converse } from "./conversation.ts";
import { type Kill, killAt, planKills, ringFalsely } from "./disturbances.ts";
import { planOrders } from "./orders.ts";
import { Seat } from "./seat.ts";
import type { Story } from "./story.ts";
import { clockOf, say } from "./time.ts";

/** What happened while everybody was there. */
export interface Load {
  readonly stories: readonly Story[];
  readonly kills: readonly Kill[];
  readonly forgedRings: number;
  /** When the upstream was made well again, in Unix milliseconds. */
  readonly clearedAtMs: number;
  /** How often each client connected. */
  readonly connections: ReadonlyMap<string, number>;
}

/** Everybody orders, follows, leaves and comes back, until the time is over; the server is killed meanwhile. */
export async function load(server: Server, seed: number, loadMs: number): Promise<Load> {
  const stories: Story[] = [];
  const untilMs = Date.now() + loadMs;
  const seats = CLIENTS.map((kind, index) => {
    const seat = new Seat(kind, server.mcpUrl);
    // All conversations of a client take their orders from one plan.
    const orders = planOrders(kind.name, kind.prefix, seed + index).values();
    const talk = async () => {
      while (Date.now() < untilMs) {
        const { value: order } = orders.next();
        if (order === undefined) return;
        await converse(seat, order, (story) => stories.push(story));
        await sleep(order.pauseMs);
      }
    };
    return { kind, seat, done: Promise.all(Array.from({ length: kind.conversations }, talk)) };
  });
  const plannedMs = planKills(seed, loadMs);
  say(`${seats.length} clients for ${clockOf(loadMs)}; kills at ${plannedMs.map(clockOf).join(", ")}`);
  const underWay = () => stories.filter(({ isUnderWay }) => isUnderWay).length;
  const [forgedRings, kills] = await Promise.all([
    ringFalsely(server, untilMs),
    killAt(server, plannedMs, underWay),
  ]);
  // Whatever was lost has to be found by then, and by itself.
  server.simulator.clearFaults();
  const clearedAtMs = Date.now();
  say(`the load is over: ${stories.length} orders; the last conversations go on`);
  await Promise.all(seats.map(({ done }) => done));
  await Promise.all(seats.map(({ seat }) => seat.close()));
  const connections = new Map(seats.map(({ kind, seat }) => [kind.name, seat.connections]));
  return { stories, kills, forgedRings, clearedAtMs, connections };
}
