import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const MINUTE_MS = 60_000;

describe("the next step of a task", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: MINUTE_MS });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const call = (tool: string, args: Record<string, unknown>) => world.until(client.callTool(tool, args));
  const make = (prompt: string) => call("veo_text_to_video", { prompt });
  const get = async () => {
    const { structuredContent } = await call("veo_list_tasks", {});
    const [{ submission_id } = {}] = Array.isArray(structuredContent?.tasks) ? structuredContent.tasks : [];
    return (await call("veo_get_task", { task_id: submission_id, wait_seconds: 0 })).structuredContent ?? {};
  };

  it.each([
    ["[drop]", 15 * MINUTE_MS, "never_arrived", "Nothing was charged: submit it again"],
    ["[busy]", 0, "rate_limited", "wait a minute, then submit it again"],
    ["[used-up]", 0, "out_of_credits", "its operator must top it up"],
    ["[reject]", 0, "invalid_argument", "Correct what the upstream names"],
    ["[fail]", 2 * MINUTE_MS, "api_error", "with another idempotency_key if there was one"],
    ["[fail-bare]", 2 * MINUTE_MS, "unknown", "The upstream gives no reason"],
  ])("that failed by %s fits what it failed of", async (word, afterMs, code, nextStep) => {
    await make(`${word} a heron`);
    await world.advance(afterMs);
    const told = await get();
    expect(told).toMatchObject({
      state: "failed",
      error: { code },
      next_step: expect.stringContaining(nextStep),
    });
    expect(JSON.stringify(told.error)).not.toMatch(/ \."/);
  });

  it.each([
    [
      "lost",
      "[lost-response] a heron",
      "It is still to be found out whether it was accepted: do not submit it again.",
    ],
    ["in the making", "a heron", "The video itself goes on: do not submit it again."],
  ])(
    "that is %s, while the watch has stopped, is not to submit again, and names no time of a look",
    async (_what, prompt, fact) => {
      world.simulator.inject({
        kind: "status",
        match: "tasks",
        status: 401,
        code: "invalid_token",
        times: "forever",
      });
      await make(prompt);
      await world.advance(MINUTE_MS);
      expect(await world.nextWorkMs()).toBeNull();
      // Asking has it look once more, at once.
      await get();
      await world.advance(1000);
      const { next_step, next_check_at } = await get();
      expect(next_step).toContain(fact);
      expect(next_step).toContain("its operator must replace ACEDATACLOUD_API_TOKEN");
      expect(next_check_at).toBeNull();
    },
  );

  it("names no look that is earlier than the upstream is asked again", async () => {
    world.simulator.inject({ kind: "status", match: "tasks", status: 500, times: "forever" });
    await make("a heron");
    await world.advance(5 * MINUTE_MS);
    const { next_check_at } = await get();
    expect(next_check_at).toBe(new Date((await world.nextWorkMs()) ?? 0).toISOString());
  });
});
