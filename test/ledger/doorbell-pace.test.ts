import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { World } from "../world.ts";
import { createDoorbell, type Doorbell } from "./doorbell-world.ts";

const HOUR_MS = 3_600_000;
/** The first looks where nobody expects a ring, and where one is expected. */
const USUAL = 15;
const STRETCHED = 120;

describe("where rings come through", () => {
  let bell: Doorbell;
  let world: World;
  beforeEach(async () => {
    bell = await createDoorbell();
    ({ world } = bell);
  });
  afterEach(() => world.end());

  /** Makes a video that takes so long. @returns when the upstream was asked, from its submission to long after. */
  const generate = async (seconds: number, word = "", args: Record<string, unknown> = {}) => {
    world.simulator.configure({ generationMs: seconds * 1000 });
    const fromMs = Date.now();
    const taskId = await bell.submit(`a fox ${word}`, args);
    await world.advance(Math.max(seconds * 1000, 60_000) + 130_000);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
    // On the grid, so that the next times are round ones.
    await world.advance(5000 - (Date.now() % 5000));
    return bell.askedAt(fromMs);
  };
  const firstLook = async () => (await generate(16, "[no-callback]"))[0];

  it("the upstream is asked at most twice for a video, and never after the ring", async () => {
    expect(await generate(60)).toEqual([15, 25, 35, 45, 55, 60]);
    expect(await generate(60)).toEqual([60]);
    await world.evict();
    expect(await generate(120)).toEqual([120]);
    expect(await generate(170)).toEqual([120, 170]);
    await world.crash();
    expect(await generate(60, "[early-callback]")).toEqual([56, 58, 61]);
    expect(await generate(60, "[repeated-callback]")).toEqual([60]);
  });

  it("an order sets the alarm once, before its request, and its answer does not move it", async () => {
    await generate(60);
    const set: number[] = [];
    await world.inObject((_, { storage }) => {
      const setAlarm = storage.setAlarm.bind(storage);
      vi.spyOn(Object.getPrototypeOf(storage), "setAlarm").mockImplementation((at) => {
        set.push(Number(at) - Date.now());
        return setAlarm(Number(at));
      });
    });
    await bell.submit("a fox");
    expect(set).toEqual([STRETCHED * 1000]);
  });

  it.each<[string, { wait_seconds?: number }]>([
    ["hasty", {}],
    ["every 5 s", { wait_seconds: 0 }],
    ["waiting", { wait_seconds: 50 }],
  ])("polls (%s) add no questions, and hear of the end at once", async (_how, args) => {
    await generate(60);
    world.simulator.configure({ generationMs: 170_000 });
    const fromMs = Date.now();
    const taskId = await bell.submit("a fox");
    for (let state: unknown; state !== "succeeded"; ) {
      ({ state } = await bell.poll(taskId, args));
      if (args.wait_seconds === 0) await world.advance(5000);
      expect(Date.now() - fromMs).toBeLessThanOrEqual(180_000);
    }
    expect(bell.askedAt(fromMs)).toEqual([120, 170]);
  });

  it.each([
    ["in a minute", 60, [120]],
    ["in three", 170, [120, 240]],
    ["in a quarter of an hour", 900, [120, 240, 360, 480, 600, 900]],
    ["in an hour and a half", 5400, undefined],
  ])("a video whose ring is lost, done %s, is found all the same", async (_when, seconds, asked) => {
    await generate(60);
    world.simulator.configure({ generationMs: seconds * 1000 });
    const fromMs = Date.now();
    const taskId = await bell.submit("a fox [no-callback]");
    // Two minutes late at most in the first ten, then five, and ten after an hour, as it ever was.
    const lateMs = seconds < 600 ? 120_000 : seconds < 3600 ? 300_000 : 600_000;
    await world.advance(seconds * 1000 + lateMs);
    expect(world.simulator.callbacks).toHaveLength(1);
    const found = bell.askedAt(fromMs);
    if (asked !== undefined) expect(found).toEqual(asked);
    await world.advance(HOUR_MS);
    expect(bell.askedAt(fromMs)).toEqual(found);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
  });

  it.each([
    ["a ring in time", "", {}, 60, STRETCHED],
    ["none", "[no-callback]", {}, 60, USUAL],
    ["a ring that came a minute late", "[late-callback]", {}, 60, USUAL],
    ["none, found 20 s after its end", "[no-callback]", {}, 100, STRETCHED],
    ["an address of the caller's", "", { callback_url: "https://caller.test/done" }, 60, STRETCHED],
  ])(
    "after a video with %s, the next one is looked at as it should be",
    async (_what, word, args, seconds, next) => {
      await generate(60);
      await generate(seconds, word, args);
      expect(await firstLook()).toBe(next);
    },
  );

  it("an address of the caller's is passed on, in place of ours, and nothing is expected", async () => {
    await generate(60);
    const callback_url = "https://caller.test/done";
    expect(await generate(60, "", { callback_url })).toEqual([15, 25, 35, 45, 55, 65]);
    expect(bell.address()).toBe(callback_url);
    expect(await generate(60)).toEqual([60]);
  });

  it("they are trusted for a day, not longer", async () => {
    await generate(60);
    await world.advance(23 * HOUR_MS);
    expect(await generate(60)).toEqual([60]);
    await world.advance(24 * HOUR_MS);
    expect(await firstLook()).toBe(USUAL);
  });

  it("a ring much too early is no evidence, and used up: the task is then looked at as usual", async () => {
    await generate(60);
    const fromMs = Date.now();
    world.simulator.configure({ generationMs: 100_000 });
    await bell.submit("a fox [no-callback]");
    await world.advance(30_000);
    expect(await bell.ring()).toBe(204);
    await world.advance(90_000);
    expect(bell.askedAt(fromMs)).toEqual([30, 32, 35, 40, 50, 60, 70, 80, 90, 100]);
    // Nor does it say that rings do not come through: the video was found before that could be told.
    expect(await firstLook()).toBe(STRETCHED);
  });

  it("a ring that a look was quicker than still says that they do", async () => {
    const taskId = await bell.submit("a fox [no-callback]");
    await world.advance(66_000);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
    expect(await bell.ring()).toBe(404);
    await world.advance(4000);
    expect(await firstLook()).toBe(STRETCHED);
  });
});

describe("a firewall that eats rings", () => {
  let world: World | undefined;
  afterEach(() => world?.end());

  /** @returns when the upstream was asked for videos of all lengths, with polls meanwhile. */
  const schedule = async (CALLBACKS: string) => {
    const bell = await createDoorbell({ rings: false, deployment: { CALLBACKS } });
    ({ world } = bell);
    for (const seconds of [16, 60, 100, 170, 700]) {
      world.simulator.configure({ generationMs: seconds * 1000 });
      const taskId = await bell.submit("a fox");
      await world.advance(seconds * 500);
      await bell.poll(taskId);
      await world.advance(seconds * 500 + 125_000);
      await bell.poll(taskId);
      await world.advance(8000);
    }
    const given = world.simulator.requestsTo("paid").map(({ body }) => typeof body?.callback_url);
    const asked = bell.askedAt();
    await world.end();
    world = undefined;
    return { given: new Set(given), asked };
  };

  it("costs nothing: the upstream is asked when it would be asked without them", async () => {
    const off = await schedule("off");
    const eaten = await schedule("auto");
    expect(off.given).toEqual(new Set(["undefined"]));
    expect(eaten.given).toEqual(new Set(["string"]));
    expect(off.asked.length).toBeGreaterThan(50);
    expect(eaten.asked).toEqual(off.asked);
  });
});
