import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../../clients.ts";
import type { World } from "../../world.ts";
import {
  accountOf,
  createPayer,
  createPayersWorld,
  keptIn,
  newKey,
  type Payer,
  questionsOf,
} from "../payer.ts";

const MINUTE_MS = 60_000;

describe.each(LANES)("the doorbell of whoever pays with their own key, $lane", ({ connect }) => {
  let world: World;
  let [ada, bob]: Payer[] = [];
  let keys: { ada: string; bob: string };
  beforeEach(async () => {
    keys = { ada: newKey("ada"), bob: newKey("bob") };
    world = createPayersWorld({ accounts: [accountOf(keys.ada), accountOf(keys.bob)], rings: true });
    ada = await createPayer(world, keys.ada, connect);
    bob = await createPayer(world, keys.bob, connect);
  });
  afterEach(() => world.end());

  /** When the upstream was asked with a key, in whole seconds from a moment. */
  const askedWith = (key: string, fromMs: number) =>
    questionsOf(world)
      .filter(({ token, at }) => token === key && at >= fromMs)
      .map(({ at }) => Math.floor((at - fromMs) / 1000));

  it("asks with the key that is kept while its owner is away, which goes with the task", async () => {
    await ada?.submit();
    const address = world.simulator.tasks[0]?.callbackUrl ?? "";
    expect(address).toContain("https://veo.test/callbacks/");
    for (const secret of [keys.ada, accountOf(keys.ada)]) {
      const bytes = Buffer.from(address.split("/").at(-1) ?? "", "base64url").toString("latin1");
      expect([address.includes(secret), bytes.includes(secret)]).toEqual([false, false]);
    }
    await world.advance(57_000);
    await world.evict();
    const fromMs = Date.now();
    await world.advance(MINUTE_MS);
    expect(world.simulator.callbacks).toMatchObject([{ status: 204 }]);
    expect(askedWith(keys.ada, fromMs)).toEqual([3]);
    expect(await keptIn(world)).toEqual([]);
  });

  it("is each account's own: one's rings cost the other nothing, and are no promise to them", async () => {
    await ada?.submit();
    await world.advance(70_000);
    const fromMs = Date.now();
    await Promise.all([ada?.submit("a heron"), bob?.submit("[no-callback] an owl")]);
    await world.advance(90_000);
    expect(askedWith(keys.ada, fromMs)).toEqual([60]);
    expect(askedWith(keys.bob, fromMs)).toEqual([15, 25, 35, 45, 55, 65]);
  });

  it("asks nothing for somebody whose key was refused: the ring is heard, and the task waits for its owner", async () => {
    const taskId = (await ada?.submit()) ?? "";
    const fromMs = Date.now();
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", token: keys.ada });
    await world.advance(5 * MINUTE_MS);
    expect(world.simulator.callbacks).toMatchObject([{ status: 204 }]);
    expect([askedWith(keys.ada, fromMs), await keptIn(world)]).toEqual([[15], []]);
    expect(await ada?.stateOf(taskId)).toBe("succeeded");
    expect(askedWith(keys.ada, fromMs)).toHaveLength(2);
  });
});
