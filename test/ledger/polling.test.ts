import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectModern, LANES, type TestClient, type ToolResult } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const stateOf = (result: ToolResult) => result.structuredContent?.state;

describe.each(LANES)("polling, $lane", ({ connect }) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 120_000 });
    client = await world.until(connect(world));
  });
  afterEach(() => world.end());

  const submit = async (prompt = "a red fox") => {
    const { structuredContent } = await world.until(client.callTool("veo_text_to_video", { prompt }), 0);
    return String(structuredContent?.task_id);
  };
  const poll = (taskId: string, more: object = {}) =>
    client.callTool("veo_get_task", { task_id: taskId, ...more });

  it("in a tight loop takes at most seven polls for a video of two minutes, and the upstream is asked on schedule", async () => {
    const taskId = await submit();
    let polls = 0;
    let state: unknown = "processing";
    while (state === "processing") {
      state = stateOf(await world.until(poll(taskId)));
      polls += 1;
    }
    expect(state).toBe("succeeded");
    expect(polls).toBeLessThanOrEqual(7);
    expect(world.paidCalls() + world.taskQueries()).toBeLessThanOrEqual(13);
  });

  it("by ten clients at once asks the upstream no more often than by one", async () => {
    const taskId = await submit();
    const loop = async () => {
      let polls = 0;
      let state: unknown = "processing";
      while (state === "processing") {
        state = stateOf(await poll(taskId));
        polls += 1;
      }
      return { state, polls };
    };
    const ends = await world.until(Promise.all(Array.from({ length: 10 }, loop)), 200_000);
    for (const { state, polls } of ends) {
      expect(state).toBe("succeeded");
      expect(polls).toBeLessThanOrEqual(7);
    }
    expect(world.paidCalls() + world.taskQueries()).toBeLessThanOrEqual(13);
  });

  it("in good time is answered at once, from storage", async () => {
    const taskId = await submit();
    await world.advance(16_000);
    const before = world.taskQueries();
    expect(stateOf(await world.until(poll(taskId), 0))).toBe("processing");
    expect(world.taskQueries()).toBe(before);
  });

  it("in haste is held back, until there is news", async () => {
    world.simulator.configure({ generationMs: 12_000 });
    const taskId = await submit();
    const startMs = Date.now();
    expect(stateOf(await world.until(poll(taskId)))).toBe("succeeded");
    expect(Date.now() - startMs).toBeLessThan(25_000);
  });

  it("in haste is answered after 25 s when there is none", async () => {
    const taskId = await submit();
    const startMs = Date.now();
    expect(stateOf(await world.until(poll(taskId)))).toBe("processing");
    expect(Date.now() - startMs).toBe(25_000);
  });

  it("with wait_seconds waits for news as long as it says, and not at all with 0", async () => {
    const taskId = await submit();
    expect(stateOf(await world.until(poll(taskId, { wait_seconds: 0 }), 0))).toBe("processing");
    const startMs = Date.now();
    expect(stateOf(await world.until(poll(taskId, { wait_seconds: 50 })))).toBe("processing");
    expect(Date.now() - startMs).toBe(50_000);
    expect(stateOf(await world.until(poll(taskId, { wait_seconds: 50 })))).toBe("processing");
    expect(stateOf(await world.until(poll(taskId, { wait_seconds: 50 })))).toBe("succeeded");
    expect(Date.now() - startMs).toBeLessThan(135_000);
  });

  it("a finished task is answered from storage for ever", async () => {
    const taskId = await submit();
    await world.advance(140_000);
    const before = world.taskQueries();
    for (let turn = 0; turn < 5; turn += 1)
      expect(stateOf(await world.until(poll(taskId), 0))).toBe("succeeded");
    await world.advance(3 * 3_600_000);
    expect(stateOf(await world.until(poll(taskId), 0))).toBe("succeeded");
    expect(world.taskQueries()).toBe(before);
  });

  it("a video last seen six hours ago gets a fresh link, at most once an hour", async () => {
    const taskId = await submit();
    await world.advance(140_000);
    await world.advance(6 * 3_600_000);
    const before = world.taskQueries();
    const old = await world.until(poll(taskId), 0);
    await world.advance(1000);
    expect(world.taskQueries()).toBe(before + 1);
    const fresh = await world.until(poll(taskId), 0);
    expect(fresh.structuredContent?.checked_at).not.toBe(old.structuredContent?.checked_at);
    await world.advance(1000);
    expect(world.taskQueries()).toBe(before + 1);
  });

  it("a refresh that fails keeps the old answer, and is not repeated within the hour", async () => {
    const taskId = await submit();
    await world.advance(140_000);
    await world.advance(6 * 3_600_000);
    const before = world.taskQueries();
    world.simulator.inject({ kind: "status", status: 500, match: "tasks", times: "forever" });
    for (let turn = 0; turn < 4; turn += 1) {
      expect(stateOf(await world.until(poll(taskId), 0))).toBe("succeeded");
      await world.advance(10 * 60_000);
    }
    expect(world.taskQueries()).toBe(before + 1);
  });
});

describe("a task that nobody heard of for a day", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("is unknown and not watched; a query asks once more, and brings its end", async () => {
    const client = await world.until(connectModern(world));
    const submitted = await client.callTool("veo_text_to_video", { prompt: "[never] a fox" });
    const task_id = submitted.structuredContent?.task_id;
    await world.inObject((_, { storage }) => {
      storage.sql.exec("UPDATE task SET created_at_ms = created_at_ms - 86400000");
    });
    await world.advance(60_000);
    const asked = world.taskQueries();
    await world.advance(60_000);
    expect(world.taskQueries()).toBe(asked);
    const still = await world.until(client.callTool("veo_get_task", { task_id }));
    expect(still.structuredContent).toMatchObject({
      state: "unknown",
      mcp_task_polling: { should_poll: false },
    });
    expect(world.taskQueries()).toBe(asked + 1);
    world.simulator.finish();
    await world.advance(20_000);
    const found = await world.until(client.callTool("veo_get_task", { task_id }));
    expect(found.structuredContent).toMatchObject({ state: "succeeded" });
  });
});
