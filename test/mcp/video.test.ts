import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

describe.each(LANES)("making a video, $lane", ({ lane, connect }) => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("answers a submission at once, and a poll as soon as the video is there", async () => {
    const client = await world.until(connect(world));
    expect(client.protocolVersion).toBe(lane);
    const submitted = await world.until(
      client.callTool("veo_text_to_video", { prompt: "a red fox in snow" }),
      1000,
    );
    expect(submitted.structuredContent).toMatchObject({
      state: "processing",
      tool: "veo_text_to_video",
      model: "veo31-fast",
    });
    const taskId = submitted.structuredContent?.task_id;
    let polls = 0;
    let answer = submitted;
    while (answer.structuredContent?.state === "processing") {
      answer = await world.until(client.callTool("veo_get_task", { task_id: taskId }));
      polls += 1;
    }
    expect(answer.structuredContent).toMatchObject({ state: "succeeded", task_id: taskId });
    expect(answer.content.find(({ type }) => type === "resource_link")?.uri).toMatch(/\.mp4/);
    expect(polls).toBeLessThanOrEqual(4);
    expect(world.paidCalls()).toBe(1);
    await client.close();
  });
});
