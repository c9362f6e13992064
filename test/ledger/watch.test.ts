import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

describe("the watch", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 60_000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const submit = async (prompt: string) => {
    const { structuredContent } = await world.until(client.callTool("veo_text_to_video", { prompt }), 0);
    return String(structuredContent?.task_id);
  };
  const stateOf = async (taskId: string) => {
    const answer = await world.until(
      client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 0 }),
      0,
    );
    return answer.structuredContent?.state;
  };
  const alarm = () => world.nextWorkMs();
  const batchSizes = () =>
    world.simulator.requestsTo("tasks").map(({ body }) => (Array.isArray(body?.ids) ? body.ids.length : 0));

  it("asks for all that is due in one request, and for more than fifty in several", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, (_, index) => submit(`fox ${index}`)));
    await world.advance(21_000);
    expect(batchSizes()).toEqual([50, 10]);
    await world.advance(60_000);
    for (const id of ids) expect(await stateOf(id)).toBe("succeeded");
  });

  it("writes nothing of a task that goes on but when it was and will be looked at", async () => {
    world.simulator.configure({ generationMs: 600_000 });
    await submit("a fox");
    await world.advance(21_000);
    const written: number[] = [];
    await world.inObject((_, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql);
      vi.spyOn(Object.getPrototypeOf(sql), "exec").mockImplementation((query, ...bindings) => {
        const cursor = exec(String(query), ...bindings);
        if (/ task /.test(String(query))) written.push(cursor.rowsWritten);
        return cursor;
      });
    });
    await world.advance(10_000);
    // The row, and its place in the index of due times: each is billed.
    expect(written.filter((rows) => rows > 0)).toEqual([2]);
  });

  it("sets no alarm when nothing is pending", async () => {
    await submit("a fox");
    expect(await alarm()).not.toBeNull();
    await world.advance(90_000);
    expect(await alarm()).toBeNull();
  });

  it("goes on after an eviction at any moment", async () => {
    const taskId = await submit("a fox");
    for (let turn = 0; turn < 5; turn += 1) {
      await world.evict();
      await world.advance(17_000);
    }
    await world.evict();
    expect(await stateOf(taskId)).toBe("succeeded");
  });

  it.each(["absent", "null", "empty", "ids", "running", "processing", "pending", "queued"] as const)(
    "waits for a task whose pending answer is %s",
    async (pending) => {
      world.simulator.configure({ dialect: { pending } });
      const taskId = await submit("a fox");
      await world.advance(45_000);
      expect(await stateOf(taskId)).toBe("processing");
      await world.advance(45_000);
      expect(await stateOf(taskId)).toBe("succeeded");
    },
  );

  it.each(["[fail]", "[fail-state]", "[fail-bare]"])("ends a task that fails as %s", async (word) => {
    const taskId = await submit(`${word} a fox`);
    await world.advance(90_000);
    const { structuredContent } = await client.callTool("veo_get_task", { task_id: taskId });
    expect(structuredContent).toMatchObject({
      state: "failed",
      error: {},
      mcp_task_polling: { should_poll: false },
    });
    expect(await alarm()).toBeNull();
  });

  it("is not held up by a record that cannot be read, nor by one that is missing", async () => {
    const good = await submit("a good fox");
    const odd = await submit("an odd fox");
    const body = JSON.stringify({
      items: [
        { id: odd, response: 7, created_at: {} },
        null,
        "x",
        { id: good, response: { success: true, data: [{ id: "v", video_url: "https://cdn.test/v.mp4" }] } },
      ],
    });
    world.simulator.inject({ kind: "body", text: body, status: 200, match: "tasks" });
    await world.advance(21_000);
    expect(await stateOf(good)).toBe("succeeded");
    expect(await stateOf(odd)).toBe("processing");
    await world.advance(60_000);
    expect(await stateOf(odd)).toBe("succeeded");
  });

  it("does not believe a record of a task that it did not ask for", async () => {
    const taskId = await submit("a fox");
    const body = JSON.stringify({
      items: [
        {
          id: "someone-elses",
          response: { success: true, data: [{ id: "v", video_url: "https://cdn.test/v.mp4" }] },
        },
      ],
    });
    world.simulator.inject({ kind: "body", text: body, status: 200, match: "tasks" });
    await world.advance(21_000);
    const { structuredContent } = await client.callTool("veo_list_tasks");
    expect(structuredContent).toMatchObject({ count: 1, tasks: [{ task_id: taskId, state: "processing" }] });
  });

  it("finds the one id that a whole batch is refused for", async () => {
    const ids = await Promise.all(["a", "b", "c", "d"].map(submit));
    world.simulator.inject({ kind: "status", status: 400, code: "bad_request", match: "tasks", times: 2 });
    await world.advance(75_000);
    for (const id of ids) expect(await stateOf(id)).toBe("succeeded");
    expect(batchSizes().slice(0, 4)).toEqual([4, 2, 1, 1]);
  });

  it("asks in halves when the records of a batch are too long together", async () => {
    const ids = await Promise.all(["a", "b"].map(submit));
    world.simulator.inject({ kind: "oversized", match: "tasks", times: 1 });
    await world.advance(75_000);
    for (const id of ids) expect(await stateOf(id)).toBe("succeeded");
    expect(batchSizes().slice(0, 3)).toEqual([2, 1, 1]);
  });

  it.each([
    ["500", { kind: "status", status: 500 }],
    ["a gateway's page", { kind: "html" }],
    ["half a JSON", { kind: "truncated" }],
    ["a dropped connection", { kind: "drop" }],
    ["too much data", { kind: "oversized" }],
    ["nothing for ten seconds", { kind: "hang" }],
  ] as const)("leaves the upstream alone for a while after %s, and recovers", async (_what, fault) => {
    const taskId = await submit("a fox");
    world.simulator.inject({ ...fault, match: "tasks", times: 3 });
    await world.advance(60_000);
    // Without back-off: five looks in a minute. With it, after 5, 10 and 20 s, and never many.
    expect(world.taskQueries()).toBeLessThanOrEqual(5);
    await world.advance(90_000);
    expect(await stateOf(taskId)).toBe("succeeded");
  });

  it("waits as long as a 429 says", async () => {
    const taskId = await submit("a fox");
    world.simulator.inject({
      kind: "status",
      status: 429,
      code: "too_many_requests",
      retryAfterSeconds: 300,
      match: "tasks",
    });
    await world.advance(290_000);
    expect(world.taskQueries()).toBe(1);
    await world.advance(30_000);
    expect(await stateOf(taskId)).toBe("succeeded");
  });

  it.each([
    [401, "invalid_token"],
    [403, "used_up"],
  ])("stops at %i %s, says so in the task, and goes on when somebody asks again", async (status, code) => {
    const taskId = await submit("a fox");
    world.simulator.inject({ kind: "status", status, code, match: "tasks" });
    await world.advance(600_000);
    expect(world.taskQueries()).toBe(1);
    expect(await alarm()).toBeNull();
    const told = await world.until(client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 0 }), 0);
    expect(told.structuredContent?.next_step).toContain(`HTTP ${status} ${code}`);
    await world.advance(1000);
    expect(await stateOf(taskId)).toBe("succeeded");
  });
});
