import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { tablesOf } from "../stored-tables.ts";
import type { World } from "../world.ts";

/** All shards there are: the number is fixed, since keys would not be found after a change. */
export const SHARDS = Array.from({ length: 16 }, (_, number) => `shard-${number}`);

/** @returns what all shards hold, by shard. */
export async function shardsNow() {
  const shards = await Promise.all(
    SHARDS.map((name) =>
      runInDurableObject(env.OAUTH_STORE.getByName(name), async (_, { storage }) => ({
        name,
        tables: tablesOf(storage),
        alarmMs: await storage.getAlarm(),
      })),
    ),
  );
  return shards;
}

/** Lets time pass with the alarms of the shards in their order; calls `afterAlarm` after each. */
export async function advanceWithSweeps(
  world: Pick<World, "advance">,
  ms: number,
  afterAlarm: () => Promise<void>,
): Promise<void> {
  const endMs = Date.now() + ms;
  for (;;) {
    const armed = (await shardsNow()).flatMap(({ name, alarmMs }) =>
      alarmMs === null || alarmMs > endMs ? [] : [{ name, alarmMs }],
    );
    const [next] = armed.sort((a, b) => a.alarmMs - b.alarmMs);
    if (next === undefined) break;
    await world.advance(Math.max(0, next.alarmMs - Date.now()));
    await runDurableObjectAlarm(env.OAUTH_STORE.getByName(next.name));
    await afterAlarm();
  }
  await world.advance(endMs - Date.now());
}
