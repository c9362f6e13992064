import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBrowser } from "../../auth/browser.ts";
import { registerClient, signIn } from "../../auth/oauth-client.ts";
import { LANES } from "../../clients.ts";
import type { FaultInput } from "../../simulator/faults.ts";
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

const HOUR_MS = 3_600_000;
const WHOSE = "Your own AceDataCloud API key was refused: make a new one at platform.acedata.cloud";

describe.each(LANES)(
  "a key that the upstream comes to refuse while a task is in flight, $lane",
  ({ connect }) => {
    let world: World;
    let key: string;
    let ada: Payer;
    beforeEach(async () => {
      key = newKey("ada");
      world = createPayersWorld({ accounts: [accountOf(key)] });
      // Signed in, so that the Worker has no key in a header to ask about: only the object learns of it.
      const client = await registerClient(world);
      const { access_token } = await signIn(client, createBrowser(world), { secret: key });
      ada = await createPayer(world, access_token, connect);
    });
    afterEach(() => world.end());

    it.each<FaultInput>([
      { kind: "status", status: 401, code: "token_expired" },
      { kind: "status", status: 400, code: "token_mismatched" },
      { kind: "body", status: 200, text: '{"error":{"code":"invalid_token","message":"no"}}' },
    ])(
      "with %j stops the watch, is erased, is named in every answer, and goes on once it is good again",
      async (fault) => {
        const taskId = await ada.submit();
        world.simulator.inject({ ...fault, match: "tasks", times: "forever" });
        await world.advance(HOUR_MS);
        expect(questionsOf(world)).toHaveLength(1);
        expect(await keptIn(world)).toEqual([]);
        expect(await world.nextWorkMs()).toBeNull();

        // However often somebody asks: once per interval.
        const startMs = Date.now();
        for (let polls = 0; polls < 20; polls += 1) {
          const told = await ada.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
          expect(told.structuredContent).toMatchObject({
            state: "processing",
            next_step: expect.stringContaining(WHOSE),
          });
          await world.advance(5000);
        }
        const intervals = (Date.now() - startMs) / 15_000;
        expect(questionsOf(world).length - 1).toBeGreaterThan(3);
        expect(questionsOf(world).length - 1).toBeLessThanOrEqual(intervals + 1);
        expect(await keptIn(world)).toEqual([]);
        const unknown = await ada.call("veo_get_task", { task_id: crypto.randomUUID() });
        expect(errorOf(unknown)).toMatchObject({
          code: "unauthorized",
          retryable: false,
          next_step: expect.stringContaining(WHOSE),
        });

        world.simulator.clearFaults();
        await world.advance(15_000);
        expect(await ada.stateOf(taskId)).toBe("succeeded");
        expect(await keptIn(world)).toEqual([]);
        await ada.submit("another");
        await world.evict();
        await world.advance(90_000);
        expect((await ada.call("veo_list_tasks", { state: "succeeded" })).structuredContent).toMatchObject({
          count: 2,
        });
      },
    );

    it("is kept again, and the watch goes on alone, when somebody asks while the task still runs", async () => {
      world.simulator.configure({ generationMs: 600_000 });
      const taskId = await ada.submit();
      world.simulator.inject({ kind: "status", status: 401, code: "invalid_token", match: "tasks" });
      await world.advance(60_000);
      expect(await keptIn(world)).toEqual([]);
      expect(await ada.stateOf(taskId)).toBe("processing");
      expect(await keptIn(world)).toHaveLength(1);
      await world.evict();
      await world.advance(HOUR_MS);
      expect(await keptIn(world)).toEqual([]);
      const asked = questionsOf(world).length;
      expect(await ada.stateOf(taskId)).toBe("succeeded");
      expect(questionsOf(world)).toHaveLength(asked);
    });

    it("is named when something is to be paid, which leaves nothing behind", async () => {
      world.simulator.inject({ kind: "status", status: 401, code: "invalid_token", match: "paid" });
      const refused = await ada.call("veo_text_to_video", { prompt: "a heron" });
      expect(errorOf(refused)).toMatchObject({ code: "unauthorized", retryable: false });
      expect(refused.content[0]?.text).toContain(WHOSE);
      expect([await keptIn(world), questionsOf(world)]).toEqual([[], []]);
    });

    it("is told apart from an empty balance, which stops the watch too", async () => {
      const taskId = await ada.submit();
      world.simulator.inject({ kind: "status", status: 403, code: "used_up", match: "tasks" });
      await world.advance(HOUR_MS);
      expect([questionsOf(world).length, await keptIn(world)]).toEqual([1, []]);
      const told = await ada.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
      expect(told.structuredContent?.state).toBe("succeeded");
      world.simulator.inject({ kind: "status", status: 403, code: "used_up", match: "paid" });
      const refused = await ada.call("veo_text_to_video", { prompt: "a heron" });
      expect(errorOf(refused)).toMatchObject({
        code: "out_of_credits",
        next_step: expect.stringContaining("Your AceDataCloud balance"),
      });
    });
  },
);
