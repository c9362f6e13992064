import { expect, it } from "vitest";
import { connectModern } from "./clients.ts";
import { createWorld } from "./world.ts";

it.each(["evict", "crash", "settle"] as const)(
  "a world leaves nothing to the next one, whose object is of the same name (%s)",
  async (lastStep) => {
    const first = createWorld();
    const client = await connectModern(first);
    const made = await client.callTool("veo_text_to_video", { prompt: "a fox" });
    expect(made.structuredContent).toMatchObject({ state: "processing" });
    await first[lastStep]();
    await first.end();

    const second = createWorld();
    const next = await connectModern(second);
    const listed = await next.callTool("veo_list_tasks", {});
    await second.end();
    expect(listed.structuredContent).toMatchObject({ tasks: [] });
  },
);
