import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { makeElsewhere } from "../elsewhere.ts";
import { type LogLines, readLog } from "../log-lines.ts";
import { createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

/** Cloudflare, "Durable Objects limits": a string or a row of a table has at most 2 MB. Here workerd takes more. */
const MAX_ROW_BYTES = 2_000_000;
const LONG = "x".repeat(2_500_000);
const MINUTE_MS = 60_000;

describe("where a row holds 2 MB, an answer with more", () => {
  let world: World;
  let client: TestClient;
  let lines: LogLines;
  beforeEach(async () => {
    world = createWorld({ generationMs: MINUTE_MS });
    lines = readLog();
    client = await world.until(connectModern(world));
    await world.inObject((_, { storage }) => {
      const prototype: SqlStorage = Object.getPrototypeOf(storage.sql);
      const { exec } = prototype;
      vi.spyOn(prototype, "exec").mockImplementation(function (this: SqlStorage, query, ...bindings) {
        const bytes = bindings.reduce(
          (sum, bound) => sum + (typeof bound === "string" ? bound.length : 0),
          0,
        );
        if (bytes > MAX_ROW_BYTES) throw new Error("string or blob too big: SQLITE_TOOBIG");
        return Reflect.apply(exec, this, [query, ...bindings]);
      });
    });
  });
  afterEach(() => world.end());

  const make = (prompt: string) => world.until(client.callTool("veo_text_to_video", { prompt }));
  const list = async () => (await client.callTool("veo_list_tasks", {})).structuredContent;
  const crashes = () => lines.of("alarm_round").filter(({ outcome }) => outcome === "crashed");

  it("about one task keeps no other from being watched", async () => {
    await make("a fox");
    await make("a heron");
    const [fox, heron] = world.simulator.tasks;
    const data = [{ id: "v", state: "succeeded", video_url: "https://media.test/v.mp4" }];
    const text = JSON.stringify({
      items: [
        {
          id: fox?.taskId,
          trace_id: "t".repeat(100_000),
          response: { success: false, error: { code: "no", message: LONG } },
        },
        { id: heron?.taskId, response: { success: true, data } },
      ],
    });
    world.simulator.inject({ kind: "body", match: "tasks", text, times: "forever" });
    await world.advance(5 * MINUTE_MS);
    expect(await list()).toMatchObject({
      tasks: [
        { state: "succeeded" },
        { state: "failed", error: { code: "no", message: expect.stringMatching(/^x{200,300}…$/) } },
      ],
    });
    expect(crashes()).toEqual([]);
  });

  it("of a failed question is backed off from", async () => {
    await make("a heron");
    world.simulator.inject({ kind: "status", match: "tasks", status: 500, message: LONG, times: "forever" });
    await world.advance(5 * MINUTE_MS);
    expect(crashes()).toEqual([]);
    expect(world.taskQueries()).toBeLessThan(8);
  });

  it.each([
    ["prompt", { prompt: LONG }],
    ["picture", { action: "image2video", image_urls: [`https://pictures.test/${LONG}`] }],
  ])(
    "about a video that was made elsewhere, with a long %s, is taken over as far as it fits",
    async (_what, body) => {
      await makeElsewhere(world.simulator, UPSTREAM_TOKEN, body);
      const answer = await world.until(client.callTool("veo_get_tasks_batch", {}));
      expect(answer.structuredContent).toMatchObject({ tasks: [{ state: "processing" }] });
      expect(JSON.stringify(answer).length).toBeLessThan(100_000);
      expect(crashes()).toEqual([]);
    },
  );
});
