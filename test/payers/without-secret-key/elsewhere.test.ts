import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../../clients.ts";
import { makeElsewhere } from "../../elsewhere.ts";
import type { World } from "../../world.ts";
import { createAcedataWorld, signInWithKey } from "../acedata.ts";
import {
  accountOf,
  createPayer,
  createPayersWorld,
  errorOf,
  newKey,
  type Payer,
  questionsOf,
} from "../payer.ts";

describe.each([
  ["the key in the header", "header"],
  ["a sign-in at AceDataCloud", "acedata"],
] as const)("what a key made elsewhere, with %s", (_what, way) => {
  describe.each(LANES)("$lane", ({ connect }) => {
    let world: World;
    let key: string;
    let ada: Payer;
    beforeEach(async () => {
      key = newKey("ada");
      if (way === "header") {
        world = createPayersWorld({ accounts: [accountOf(key)] });
        ada = await createPayer(world, key, connect);
        return;
      }
      const acedata = createAcedataWorld();
      world = acedata.world;
      ada = await createPayer(world, await signInWithKey(acedata, key), connect);
    });
    afterEach(() => world.end());

    it("is found by its ids and in the history, adopted, and followed to its end; others' is not found", async () => {
      const [one, two, three] = [
        await makeElsewhere(world.simulator, key),
        await makeElsewhere(world.simulator, key),
        await makeElsewhere(world.simulator, key),
      ];
      const theirs = await makeElsewhere(world.simulator, newKey("stranger"));
      expect(await ada.stateOf(one.taskId)).toBe("processing");
      const byTrace = await ada.call("veo_get_task", { trace_id: two.traceId, wait_seconds: 0 });
      expect(byTrace.structuredContent).toMatchObject({ task_id: two.taskId });
      const history = await ada.call("veo_get_tasks_batch");
      expect(history.structuredContent).toMatchObject({
        count: 3,
        tasks: [three, two, one].map(({ taskId: task_id }) => ({ task_id })),
      });
      expect(questionsOf(world)).toHaveLength(3);
      for (const named of [{ task_id: theirs.taskId }, { trace_id: theirs.traceId }])
        expect(errorOf(await ada.call("veo_get_task", named))).toMatchObject({ code: "not_found" });
      const batch = await ada.call("veo_get_tasks_batch", { task_ids: [theirs.taskId, one.taskId] });
      expect(batch.structuredContent).toMatchObject({ count: 1, not_found: [theirs.taskId] });
      await world.advance(90_000);
      for (const { taskId } of [one, two, three]) expect(await ada.stateOf(taskId)).toBe("succeeded");
      expect((await ada.call("veo_list_tasks", { query: "elsewhere" })).structuredContent).toMatchObject({
        count: 3,
      });
      expect(questionsOf(world).every(({ token }) => token === key)).toBe(true);
    });

    it("can be worked on: whether there is such a video is for the upstream to say", async () => {
      const { videoId } = await makeElsewhere(world.simulator, key);
      const made = await ada.call("veo_upsample", { video_id: videoId, action: "4k" });
      expect(made.structuredContent).toMatchObject({ state: "processing" });
      expect(world.simulator.requestsTo("paid").at(-1)).toMatchObject({
        token: key,
        body: { video_id: videoId },
      });
    });
  });
});

describe("two keys of one account, one of them dead, without SECRET_KEY", () => {
  let world: World;
  afterEach(() => world.end());

  it("hold a poll each: the task is followed with the one that works", async () => {
    const acedata = createAcedataWorld();
    world = acedata.world;
    const [dead, good] = [newKey("dead"), newKey("good")];
    const after = await createPayer(world, await signInWithKey(acedata, good));
    const before = await createPayer(world, await signInWithKey(acedata, dead));
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", token: dead, times: "forever" });
    const task_id = await after.submit();
    const held = () =>
      world.until(
        Promise.all(
          // The dead one comes last, and so is tried first.
          [after, before].map(({ client }) => client.callTool("veo_get_task", { task_id, wait_seconds: 50 })),
        ),
      );
    await held();
    for (const { structuredContent } of await held()) expect(structuredContent?.state).toBe("succeeded");
    const tokens = questionsOf(world).map(({ token }) => token);
    expect(tokens.slice(0, 2)).toEqual([dead, good]);
    expect(tokens.length).toBeLessThan(16);
  });
});
