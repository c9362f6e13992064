import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../../clients.ts";
import type { World } from "../../world.ts";
import { createAcedataWorld, signInWithKey } from "../acedata.ts";
import { createPayer, errorOf, keptIn, newKey, type Payer, questionsOf } from "../payer.ts";

describe.each(LANES)(
  "somebody who made a new key and signed in again, with an old session left, $lane",
  ({ connect }) => {
    let world: World;
    /** Each session of the one account, with the key that it was signed in with. */
    let oldKey: string;
    let newerKey: string;
    let before: Payer;
    let after: Payer;
    beforeEach(async () => {
      [oldKey, newerKey] = [newKey("old"), newKey("new")];
      const acedata = createAcedataWorld();
      world = acedata.world;
      before = await createPayer(world, await signInWithKey(acedata, oldKey), connect);
      after = await createPayer(world, await signInWithKey(acedata, newerKey), connect);
    });
    afterEach(() => world.end());

    const takeBack = (token: string) =>
      world.simulator.inject({
        kind: "status",
        status: 401,
        code: "invalid_token",
        match: "all",
        token,
        times: "forever",
      });
    const tokensFrom = (index: number) =>
      new Set(
        questionsOf(world)
          .slice(index)
          .map(({ token }) => token),
      );

    it("pays with the new key from then on, which is kept in place of the old one", async () => {
      await before.submit("[slow] one");
      const kept = await keptIn(world);
      await world.advance(20_000);
      expect(tokensFrom(0)).toEqual(new Set([oldKey]));
      await after.submit("two");
      expect(world.simulator.requestsTo("paid").map(({ token }) => token)).toEqual([oldKey, newerKey]);
      expect(await keptIn(world)).not.toEqual(kept);
      const asked = questionsOf(world).length;
      await world.evict();
      await world.advance(90_000);
      expect(tokensFrom(asked)).toEqual(new Set([newerKey]));
      expect((await after.call("veo_list_tasks")).structuredContent).toMatchObject({
        tasks: [{ state: "succeeded" }, { state: "processing" }],
      });
    });

    it("is not disturbed by the dead key of the old session, with which nothing can be paid any more", async () => {
      takeBack(oldKey);
      const taskId = await after.submit("a heron");
      const kept = await keptIn(world);
      const held = before.client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 });
      await world.advance(20_000);
      const refused = await before.call("veo_text_to_video", { prompt: "a stork" });
      expect(errorOf(refused)).toMatchObject({ code: "unauthorized" });
      expect(refused.content[0]?.text).toContain("sign in to this server again");
      expect(world.simulator.requestsTo("paid").map(({ token }) => token)).toEqual([newerKey, oldKey]);
      expect(await keptIn(world)).toEqual(kept);
      // A call that is held with the old key lends it to nobody who pays.
      await after.submit("a crane");
      expect(world.simulator.requestsTo("paid").at(-1)?.token).toBe(newerKey);
      expect((await world.until(held)).structuredContent?.state).toBe("processing");
      await world.advance(90_000);
      expect(tokensFrom(0)).toEqual(new Set([newerKey]));
      expect(await after.stateOf(taskId)).toBe("succeeded");
      expect(await keptIn(world)).toEqual([]);
    });

    it("goes on with the new key when the kept one is refused in the middle of a call, and keeps it", async () => {
      world.simulator.configure({ generationMs: 300_000 });
      const taskId = await before.submit("a heron");
      const [kept] = await keptIn(world);
      takeBack(oldKey);
      const held = after.client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 });
      expect((await world.until(held)).structuredContent).toMatchObject({
        next_step: expect.not.stringContaining("refused"),
      });
      const [refused, ...rest] = questionsOf(world).map(({ token }) => token);
      expect(refused).toBe(oldKey);
      expect(rest.length).toBeGreaterThan(1);
      expect(new Set(rest)).toEqual(new Set([newerKey]));
      const [now = kept] = await keptIn(world);
      expect(now).not.toBe(kept);
      await world.evict();
      const asked = questionsOf(world).length;
      await world.advance(60_000);
      expect(tokensFrom(asked)).toEqual(new Set([newerKey]));
    });

    it("does not have to wait for what the old key was refused", async () => {
      const taskId = await before.submit("a heron");
      takeBack(oldKey);
      await world.advance(16_000);
      expect([questionsOf(world).length, await keptIn(world)]).toEqual([1, []]);
      // The old session is told; the new one goes on at once.
      const told = await before.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
      expect(told.structuredContent?.next_step).toContain("Your own AceDataCloud API key was refused");
      const answer = await after.call("veo_get_task", { task_id: taskId, wait_seconds: 0 });
      expect(answer.structuredContent?.next_step).not.toContain("refused");
      expect(questionsOf(world).map(({ token }) => token)).toEqual([oldKey, newerKey]);
      expect(await keptIn(world)).toHaveLength(1);
    });

    it("stops, and does not go back and forth, when both keys are refused", async () => {
      const taskId = await after.submit("a heron");
      takeBack(oldKey);
      takeBack(newerKey);
      const polls = [before, after].map((payer) =>
        payer.client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 }),
      );
      await world.until(Promise.all(polls));
      expect(
        questionsOf(world)
          .map(({ token }) => token)
          .sort(),
      ).toEqual([newerKey, oldKey].sort());
      expect(await keptIn(world)).toEqual([]);
      await world.advance(3_600_000);
      expect(questionsOf(world)).toHaveLength(2);
    });
  },
);
