import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectLegacy, LANES } from "../../clients.ts";
import type { World } from "../../world.ts";
import {
  accountOf,
  createPayer,
  createPayersWorld,
  errorOf,
  keptIn,
  newKey,
  type Payer,
  questionsOf,
} from "../payer.ts";
import { everythingStored } from "../stored.ts";

const HOUR_MS = 3_600_000;

describe.each(LANES)(
  "without SECRET_KEY, $lane: the tasks of whoever pays with their own key",
  ({ connect }) => {
    let world: World;
    let ada: Payer;
    let key: string;
    /** When the upstream was asked about tasks, in whole seconds from the beginning. */
    let askedAt: () => number[];
    beforeEach(async () => {
      key = newKey("ada");
      world = createPayersWorld({ accounts: [accountOf(key)] });
      ada = await createPayer(world, key, connect);
      const startMs = Date.now();
      askedAt = () => questionsOf(world).map(({ at }) => Math.floor((at - startMs) / 1000));
    });
    afterEach(() => world.end());

    it("are left alone while nobody calls, and brought up to date by one poll, with nothing kept", async () => {
      const taskId = await ada.submit();
      await world.advance(HOUR_MS);
      await world.evict();
      await world.advance(HOUR_MS);
      expect(askedAt()).toEqual([]);
      expect(await everythingStored()).not.toContain(key);
      const answer = await ada.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
      expect(answer.structuredContent).toMatchObject({ state: "succeeded", videos: [{}] });
      expect(askedAt()).toEqual([2 * 3600]);
      expect(questionsOf(world).at(-1)).toMatchObject({
        token: key,
        body: { ids: [taskId] },
      });
      expect([await keptIn(world), await world.nextWorkMs()]).toEqual([[], null]);
      expect(await everythingStored()).not.toContain(key);
    });

    it.each([
      ["a wait for news", { wait_seconds: 50 }, [15, 25, 35, 45, 55, 65]],
      ["a hasty poll", {}, [15, 25, 35]],
    ])(
      "are looked at on schedule as long as %s is held, whatever happened before",
      async (_what, args, due) => {
        const taskId = await ada.submit();
        // The alarm of the submission goes off with nobody there.
        await world.advance(16_000);
        expect(await ada.stateOf(taskId)).toBe("processing");
        await world.settle();
        const held = ada.client.callTool("veo_get_task", { task_id: taskId, ...args });
        const answer = await world.until(held);
        expect(askedAt()).toEqual([16, ...due.slice(1)]);
        expect(answer.structuredContent?.state).toBe(due.includes(65) ? "succeeded" : "processing");
        const asked = askedAt().length;
        await world.advance(HOUR_MS);
        expect(askedAt()).toHaveLength(asked);
      },
    );

    it("are found by a wait that begins in an object that was out of memory", async () => {
      const taskId = await ada.submit();
      await world.evict();
      expect(await ada.stateOf(taskId, { wait_seconds: 50 })).toBe("processing");
      await world.evict();
      expect(await ada.stateOf(taskId, { wait_seconds: 50 })).toBe("succeeded");
      expect(askedAt()).toEqual([15, 25, 35, 45, 55, 65]);
    });

    it("cost the upstream the same, however many ask and how fast", async () => {
      const taskId = await ada.submit();
      const loop = async () => {
        let state: unknown = "processing";
        for (let polls = 0; state === "processing"; polls += 1) {
          expect(polls).toBeLessThan(8);
          state = (await ada.client.callTool("veo_get_task", { task_id: taskId })).structuredContent?.state;
        }
        return state;
      };
      const states = await world.until(Promise.all(Array.from({ length: 10 }, loop)));
      expect(new Set(states)).toEqual(new Set(["succeeded"]));
      expect(askedAt()).toEqual([15, 25, 35, 45, 55, 65]);
    });

    it("are asked for once by thirty polls at a time, after a long absence", async () => {
      const [one, two] = [await ada.submit("one"), await ada.submit("[never] two")];
      await world.advance(100_000);
      const polls = Array.from({ length: 30 }, (_, index) =>
        ada.client.callTool("veo_get_task", { task_id: index % 2 === 0 ? one : two, wait_seconds: 0 }),
      );
      const answers = await world.until(Promise.all(polls));
      for (const { structuredContent } of answers)
        expect(structuredContent).toMatchObject({ task_id: expect.any(String) });
      expect(askedAt()).toEqual([100]);
      expect([await ada.stateOf(one), await ada.stateOf(two)]).toEqual(["succeeded", "processing"]);
      expect(askedAt()).toEqual([100]);
    });

    it("are brought up to date by a batch, and by the history", async () => {
      const [one, two] = [await ada.submit("one"), await ada.submit("two")];
      await world.advance(30_000);
      const early = await ada.call("veo_get_tasks_batch", { task_ids: [one, two] });
      expect(early.structuredContent).toMatchObject({ count: 2, tasks: [{ state: "processing" }, {}] });
      await world.advance(60_000);
      const done = await ada.call("veo_get_tasks_batch", { task_ids: [one, two] });
      expect(done.structuredContent).toMatchObject({
        tasks: [{ state: "succeeded" }, { state: "succeeded" }],
      });
      expect(askedAt()).toEqual([30, 91]);
      const three = await ada.submit("three");
      await world.advance(90_000);
      const history = await ada.call("veo_get_tasks_batch");
      expect(history.structuredContent).toMatchObject({
        tasks: [{ task_id: three, state: "succeeded" }, {}, {}],
      });
      expect(questionsOf(world).every(({ token }) => token === key)).toBe(true);
      expect(await keptIn(world)).toEqual([]);
    });

    it("say whose key was refused and what to do, are not asked for in a loop, and go on with a good key", async () => {
      const taskId = await ada.submit();
      await world.advance(20_000);
      world.simulator.inject({
        kind: "status",
        status: 401,
        code: "invalid_token",
        match: "tasks",
        times: "forever",
      });
      for (let turn = 0; turn < 5; turn += 1) {
        const told = await ada.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
        expect(told.structuredContent).toMatchObject({
          state: "processing",
          next_step: expect.stringMatching(
            /HTTP 401 invalid_token.*Your own AceDataCloud API key was refused/,
          ),
        });
      }
      expect(askedAt()).toEqual([20]);
      const unknown = await ada.call("veo_get_task", { task_id: crypto.randomUUID() });
      expect(errorOf(unknown)).toMatchObject({
        code: "unauthorized",
        retryable: false,
        next_step: expect.stringContaining("make a new one at platform.acedata.cloud"),
      });
      await world.advance(HOUR_MS);
      expect(askedAt()).toEqual([20]);
      world.simulator.clearFaults();
      expect(await ada.stateOf(taskId)).toBe("succeeded");
      expect(askedAt()).toHaveLength(2);
    });
  },
);

describe("without SECRET_KEY: a call that its client gives up", () => {
  let world: World;
  afterEach(() => world.end());

  it("leaves no key behind to ask with", async () => {
    const key = newKey();
    world = createPayersWorld({ accounts: [accountOf(key)] });
    const ada = await createPayer(world, key, connectLegacy);
    const taskId = await ada.submit();
    const leave = new AbortController();
    const held = ada.client.callTool(
      "veo_get_task",
      { task_id: taskId, wait_seconds: 50 },
      { signal: leave.signal },
    );
    const given = expect(held).rejects.toThrow();
    await world.advance(20_000);
    const asked = questionsOf(world).length;
    leave.abort();
    await given;
    await world.advance(HOUR_MS);
    expect(questionsOf(world).length).toBe(asked);
    expect(await ada.stateOf(taskId)).toBe("succeeded");
  });
});
