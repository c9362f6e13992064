import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import { askModern } from "./raw-request.ts";

const DISABLED = ["veo_reshoot", "veo_upsample", "veo_image_to_video"];

describe("tools that an operator switched off", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ deployment: { VEO_DISABLED_TOOLS: DISABLED.join(",") } });
  });
  afterEach(() => world.end());

  it.each(LANES)("are neither listed nor called nor mentioned, $lane", async ({ connect }) => {
    const client = await world.until(connect(world));
    for (const name of DISABLED)
      await expect(client.callTool(name, { prompt: "x", video_id: "v" })).rejects.toThrow(
        `Unknown tool: ${name}`,
      );
    expect(world.paidCalls()).toBe(0);
    const told = JSON.stringify([
      (await client.listTools()).tools.map(({ name }) => name),
      client.instructions(),
      await world.until(client.callTool("veo_text_to_video", { prompt: "[sync] x" })),
      await client.callTool("veo_list_actions"),
      await client.getPrompt("veo_video_generation_guide"),
      await client.getPrompt("veo_workflow_examples"),
    ]);
    expect(told).toContain("veo_extend_video");
    for (const name of DISABLED) expect(told, name).not.toContain(name);
  });

  it("are not mentioned by a task that is over", async () => {
    const params = { name: "veo_text_to_video", arguments: { prompt: "x" } };
    const { result: seed } = await askModern(world, { method: "tools/call", params });
    await world.advance(90_000);
    const taskId = String(seed?.taskId);
    const { result } = await askModern(world, { method: "tasks/get", params: { taskId } });
    expect(result).toMatchObject({ status: "completed" });
    const told = JSON.stringify(result);
    expect(told).toContain("veo_extend_video");
    for (const name of DISABLED) expect(told, name).not.toContain(name);
  });
});
