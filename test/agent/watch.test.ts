import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectLegacy } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

describe("the watch of an account's object", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ generationMs: 60_000 });
  });
  afterEach(() => world.end());

  it("takes its time from the rows whenever the object starts: an alarm that was lost delays nothing for ever", async () => {
    const client = await connectLegacy(world);
    await client.callTool("veo_text_to_video", { prompt: "a heron" });
    const dueMs = await world.nextWorkMs();
    expect(dueMs).not.toBeNull();
    await world.inObject(async (_, { storage }) => {
      storage.sql.exec("DELETE FROM cf_agents_jobs");
      await storage.deleteAlarm();
    });
    await world.evict();
    // Any call will do, of those that arm nothing of their own.
    await client.callTool("veo_list_models", {});
    expect(await world.nextWorkMs()).toBe(dueMs);
    await world.advance(90_000);
    expect((await client.callTool("veo_list_tasks", {})).structuredContent).toMatchObject({
      tasks: [{ state: "succeeded" }],
    });
  });
});
