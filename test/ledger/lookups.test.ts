import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { makeElsewhere } from "../elsewhere.ts";
import { createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

const SECRET_ID = "00000000-0000-4000-8000-000000000000";

describe("tasks that the ledger does not know", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 60_000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const elsewhere = (prompt: string) => makeElsewhere(world.simulator, UPSTREAM_TOKEN, { prompt });
  const getTask = (args: object) => world.until(client.callTool("veo_get_task", { ...args }));

  it("are fetched once, adopted, and watched to their end", async () => {
    const { taskId } = await elsewhere("a fox from elsewhere");
    const first = await getTask({ task_id: taskId, wait_seconds: 0 });
    expect(first.structuredContent).toMatchObject({
      task_id: taskId,
      state: "processing",
      tool: "veo_text_to_video",
    });
    expect(world.taskQueries()).toBe(1);
    await world.advance(90_000);
    const done = await getTask({ task_id: taskId, wait_seconds: 0 });
    expect(done.structuredContent).toMatchObject({ state: "succeeded" });
    const found = await client.callTool("veo_list_tasks", { query: "elsewhere" });
    expect(found.structuredContent).toMatchObject({ count: 1, tasks: [{ task_id: taskId }] });
  });

  it("are found by trace_id too", async () => {
    const { taskId, traceId } = await elsewhere("a fox");
    const answer = await getTask({ trace_id: traceId, wait_seconds: 0 });
    expect(answer.structuredContent).toMatchObject({ task_id: taskId, trace_id: traceId });
  });

  it("that the upstream does not know are not_found, and remembered for a minute", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const answer = await getTask({ task_id: SECRET_ID });
      expect(answer).toMatchObject({
        isError: true,
        _meta: { "veo/error": { code: "not_found", retryable: false } },
      });
      await world.advance(5000);
    }
    expect(world.taskQueries()).toBe(1);
    await world.advance(60_000);
    await getTask({ task_id: SECRET_ID });
    expect(world.taskQueries()).toBe(2);
  });

  it.each([
    ["404", { kind: "status", status: 404, code: "not_found" }],
    ["null", { kind: "null" }],
    ["{}", { kind: "body", text: "{}", status: 200 }],
    ["an error body", { kind: "body", text: '{"error":{"code":"not_found","message":"no"}}', status: 200 }],
  ] as const)("are not_found when the upstream answers %s", async (_what, fault) => {
    world.simulator.inject({ ...fault, match: "tasks" });
    expect(await getTask({ task_id: SECRET_ID })).toMatchObject({
      _meta: { "veo/error": { code: "not_found" } },
    });
  });

  it("asked for by many at once are asked of the upstream once", async () => {
    const { taskId } = await elsewhere("a fox");
    const answers = await world.until(
      Promise.all(
        Array.from({ length: 10 }, () =>
          client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 0 }),
        ),
      ),
    );
    for (const { structuredContent } of answers) expect(structuredContent).toMatchObject({ task_id: taskId });
    expect(world.taskQueries()).toBe(1);
  });

  it("are not asked for by a submission id: those are ours alone", async () => {
    const answer = await getTask({ task_id: "sub_00000000000000000000000000000000" });
    expect(answer).toMatchObject({ _meta: { "veo/error": { code: "not_found" } } });
    expect(world.taskQueries()).toBe(0);
  });

  it("are answered in a batch, with those that do not exist named", async () => {
    const [a, b] = [await elsewhere("one"), await elsewhere("two")];
    const args = { task_ids: [a.taskId, SECRET_ID, b.taskId] };
    const answer = await world.until(client.callTool("veo_get_tasks_batch", args));
    expect(answer.structuredContent).toMatchObject({ count: 2, not_found: [SECRET_ID] });
    expect(world.taskQueries()).toBe(1);
    const traces = await world.until(client.callTool("veo_get_tasks_batch", { trace_ids: [a.traceId] }));
    expect(traces.structuredContent).toMatchObject({ count: 1, tasks: [{ task_id: a.taskId }] });
  });

  it("say so when the upstream refuses the key, and are not asked for again within the interval", async () => {
    world.simulator.inject({
      kind: "status",
      status: 401,
      code: "invalid_token",
      match: "tasks",
      times: "forever",
    });
    const expected = { isError: true, _meta: { "veo/error": { code: "unauthorized", retryable: false } } };
    for (let turn = 0; turn < 3; turn += 1)
      expect(await getTask({ task_id: SECRET_ID })).toMatchObject(expected);
    expect(world.taskQueries()).toBe(1);
    await world.advance(15_000);
    expect(await getTask({ task_id: SECRET_ID })).toMatchObject(expected);
    expect(world.taskQueries()).toBe(2);
  });

  it.each([
    [{ kind: "status", status: 500, code: "api_error" }, "upstream_error"],
    [{ kind: "html" }, "upstream_error"],
    [{ kind: "truncated" }, "upstream_error"],
    [{ kind: "oversized" }, "upstream_error"],
    [{ kind: "drop" }, "upstream_error"],
    [{ kind: "hang" }, "upstream_timeout"],
    [{ kind: "status", status: 429, code: "too_many_requests", retryAfterSeconds: 7 }, "rate_limited"],
  ] as const)("say so when the upstream answers with %j", async (fault, code) => {
    world.simulator.inject({ ...fault, match: "tasks" });
    expect(await getTask({ task_id: SECRET_ID })).toMatchObject({
      _meta: { "veo/error": { code, retryable: true } },
    });
  });

  describe("in the history", () => {
    it("are shown newest first, a page at a time, and adopted", async () => {
      const made = [];
      for (const word of ["one", "two", "three"]) {
        made.unshift((await elsewhere(word)).taskId);
        await world.advance(1000);
      }
      const page = async (args: object) => {
        const { structuredContent } = await world.until(client.callTool("veo_get_tasks_batch", { ...args }));
        const { tasks } = structuredContent ?? {};
        return Array.isArray(tasks) ? tasks.map((task) => task.task_id) : tasks;
      };
      expect(await page({ limit: 2 })).toEqual(made.slice(0, 2));
      expect(await page({ limit: 2, offset: 2 })).toEqual(made.slice(2));
      const { structuredContent } = await client.callTool("veo_list_tasks");
      expect(structuredContent).toMatchObject({ count: 3, tasks: made.map((task_id) => ({ task_id })) });
    });

    it("are asked for once in 15 s, however often somebody looks", async () => {
      for (let turn = 0; turn < 5; turn += 1) await world.until(client.callTool("veo_get_tasks_batch"));
      expect(world.taskQueries()).toBe(1);
      await world.advance(15_000);
      await world.until(client.callTool("veo_get_tasks_batch"));
      expect(world.taskQueries()).toBe(2);
    });

    it("are filtered by time and type at the upstream", async () => {
      await world.until(
        client.callTool("veo_get_tasks_batch", { type: "videos", created_at_min: 1, created_at_max: 2 }),
      );
      expect(world.simulator.requestsTo("tasks").at(-1)?.body).toMatchObject({
        type: "videos",
        created_at_min: 1,
        created_at_max: 2,
        limit: 12,
        offset: 0,
      });
    });
  });
});
