import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectLegacy } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import { askModern, openSession } from "./raw-request.ts";
import { ACKNOWLEDGED, createTaskClient, type TaskClient } from "./task-client.ts";

const video_id = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
const GENERATION_TOOLS: [tool: string, args: Record<string, unknown>][] = [
  ["veo_text_to_video", { prompt: "a fox" }],
  ["veo_image_to_video", { prompt: "it runs", image_urls: ["https://pictures.test/1.png"] }],
  ["veo_get_1080p", { video_id }],
  ["veo_upsample", { video_id }],
  ["veo_extend_video", { video_id }],
  ["veo_reshoot", { video_id, motion_type: "UP" }],
  ["veo_video_objects", { video_id, action: "insert", prompt: "a hat" }],
];
const DAY_MS = 86_400_000;

describe("a task of the Tasks extension", () => {
  let world: World;
  let client: TaskClient;
  beforeEach(() => {
    world = createWorld({ generationMs: 60_000 });
    client = createTaskClient(world);
  });
  afterEach(() => world.end());

  it.each(GENERATION_TOOLS)(
    "comes of %s for who declares the extension, and for nobody else",
    async (tool, args) => {
      const { status, isStream, result } = await client.call(tool, args);
      expect({ status, isStream }).toEqual({ status: 200, isStream: false });
      const { _meta: _, ...seed } = result ?? {};
      expect(seed).toEqual({
        resultType: "task",
        taskId: expect.stringMatching(/^sub_[0-9a-f]{32}$/),
        status: "working",
        statusMessage: expect.stringContaining("0 s so far"),
        createdAt: "2035-01-01T00:00:00.000Z",
        lastUpdatedAt: "2035-01-01T00:00:00.000Z",
        ttlMs: 90 * DAY_MS,
        pollIntervalMs: 16_000,
        // The SDK wants it in whatever a call answers.
        content: [],
      });
      const legacy = await connectLegacy(world);
      for (const answer of [
        // What a request does not declare, it does not get, whatever the one before declared.
        (await client.call(tool, args, {})).result,
        (await client.call(tool, args, { extensions: {} })).result,
        await legacy.callTool(tool, args),
      ]) {
        expect(answer).toMatchObject({ structuredContent: { state: "processing", tool } });
        for (const key of ["taskId", "status", "ttlMs"]) expect(answer).not.toHaveProperty(key);
      }
      await legacy.close();
      expect((await client.call(tool, args)).result).toMatchObject({ resultType: "task" });
      // One call, one video, however it is answered.
      expect(world.paidCalls()).toBe(5);
      await expect(client.get(String(seed.taskId))).resolves.toMatchObject({ status: "working" });
    },
  );

  it("comes of no other tool", async () => {
    await client.make();
    for (const tool of ["veo_list_tasks", "veo_get_tasks_batch", "veo_list_models", "veo_list_actions"]) {
      const { result } = await world.until(client.call(tool));
      expect(result).toMatchObject({ resultType: "complete", structuredContent: {} });
    }
  });

  it("is there before the answer leaves: a crash right after it loses nothing", async () => {
    const { taskId } = await client.make();
    await world.crash();
    expect(await client.get(taskId)).toMatchObject({ taskId, status: "working" });
    await world.advance(90_000);
    await world.evict();
    expect(await client.get(taskId)).toMatchObject({ taskId, status: "completed" });
  });

  it("has one id, that of the submission, for the ledger and for whoever repeats the call with its key", async () => {
    const args = { idempotency_key: "k" };
    const [first, twin] = await Promise.all([client.make(args), client.make(args)]);
    await world.advance(20_000);
    const again = await client.make(args);
    expect([twin.taskId, again.taskId]).toEqual([first.taskId, first.taskId]);
    expect((await client.poll(first.taskId))?.structuredContent).toMatchObject({
      submission_id: first.taskId,
    });
    expect(world.paidCalls()).toBe(1);
  });

  it("does not come of what is over at once: that is answered with its video", async () => {
    const sync = await client.call("veo_text_to_video", { prompt: "[sync] a fox", idempotency_key: "k" });
    expect(sync.result).toMatchObject({ resultType: "complete", structuredContent: { state: "succeeded" } });
    expect(sync.result).not.toHaveProperty("taskId");
    const again = await client.call("veo_text_to_video", { prompt: "[sync] a fox", idempotency_key: "k" });
    expect(again.result).toEqual(sync.result);
    const { submission_id } = Object(sync.result?.structuredContent);
    expect(await client.get(submission_id)).toMatchObject({ status: "completed" });
  });

  it.each([
    ["refused by the upstream", { prompt: "[reject] a fox" }, "invalid_argument"],
    ["refused before it is sent", { prompt: "" }, "invalid_argument"],
    [
      "of which it is not known whether it was accepted",
      { prompt: "[no-task-id] x" },
      "submission_undetermined",
    ],
  ])("does not come of what was %s: that is answered with the error", async (_what, args, code) => {
    const { result } = await client.call("veo_text_to_video", args);
    expect(result).toMatchObject({ resultType: "complete", isError: true, _meta: { "veo/error": { code } } });
    expect(result).not.toHaveProperty("taskId");
  });

  it("does not come of asking for it, as clients of 2025 did", async () => {
    const params = {
      name: "veo_text_to_video",
      arguments: { prompt: "a fox" },
      task: { ttl: 1000, pollInterval: 1000 },
    };
    const undeclared = await askModern(world, { method: "tools/call", params, capabilities: {} });
    expect(undeclared.result).toMatchObject({ resultType: "complete", structuredContent: {} });
    const declared = await askModern(world, { method: "tools/call", params });
    expect(declared.result).toMatchObject({ resultType: "task", ttlMs: 90 * DAY_MS });
  });

  it("is declared by the server with the empty object that the extension wants, and only in its generation", async () => {
    const { result } = await askModern(world, { method: "server/discover" });
    expect(result?.capabilities).toMatchObject({ extensions: { "io.modelcontextprotocol/tasks": {} } });
    expect(Object(result?.capabilities).extensions["io.modelcontextprotocol/tasks"]).toEqual({});
    expect(result?.capabilities).not.toHaveProperty("tasks");
    const legacy = await connectLegacy(world);
    expect(legacy.serverCapabilities()).not.toHaveProperty("tasks");
    expect(legacy.serverCapabilities()).not.toHaveProperty("extensions");
    await legacy.close();
    const { taskId } = await client.make();
    const session = await openSession(world);
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update", "tasks/list", "tasks/result"])
      expect(await session.ask(method, { taskId })).toMatchObject({ error: { code: -32601 } });
    expect(await client.get(taskId)).toMatchObject({ status: "working" });
  });

  describe("when it ends", () => {
    it("is completed with what veo_get_task answers: the video, its link, and the next step", async () => {
      const { taskId, createdAt } = await client.make({ prompt: "[two] a fox" });
      await world.advance(90_000);
      const { result } = await client.ask("tasks/get", { taskId });
      const { _meta, ...task } = result ?? {};
      const polled = await client.poll(taskId);
      expect(task).toEqual({
        resultType: "complete",
        taskId,
        status: "completed",
        createdAt,
        lastUpdatedAt: "2035-01-01T00:01:05.000Z",
        ttlMs: 90 * DAY_MS,
        result: {
          resultType: "complete",
          content: polled?.content,
          structuredContent: polled?.structuredContent,
        },
      });
      expect(task.result).toMatchObject({
        content: [{ type: "text" }, { type: "resource_link" }, { type: "resource_link" }],
        structuredContent: {
          state: "succeeded",
          videos: [{ video_url: expect.stringContaining(".mp4") }, {}],
          next_step: expect.stringContaining("Show the user the video_url"),
        },
      });
      expect(await client.get(taskId)).toEqual(await client.get(taskId));
    });

    it.each(["[fail]", "[fail-state]", "[fail-bare]"])(
      "badly, as %s, is completed with the error, and without structured content",
      async (word) => {
        const { taskId } = await client.make({ prompt: `${word} a fox` });
        await world.advance(90_000);
        const polled = Object((await client.poll(taskId))?.structuredContent);
        const { result } = await client.ask("tasks/get", { taskId });
        expect(result).toMatchObject({
          status: "completed",
          result: {
            resultType: "complete",
            isError: true,
            content: [{ type: "text", text: expect.stringContaining(polled.error.message) }],
            _meta: {
              "veo/error": {
                code: "upstream_error",
                retryable: false,
                next_step: polled.next_step,
                trace_id: polled.trace_id,
              },
            },
          },
        });
        expect(result?.result).not.toHaveProperty("structuredContent");
        expect(result).not.toHaveProperty("error");
      },
    );

    it("is failed, with a JSON-RPC error that says so, when nobody heard of it for a day", async () => {
      const { taskId } = await client.make({ prompt: "[never] a fox" });
      await world.inObject((_, { storage }) => {
        storage.sql.exec("UPDATE task SET created_at_ms = created_at_ms - ?", DAY_MS);
      });
      await world.advance(60_000);
      const asked = world.taskQueries();
      const { result } = await client.ask("tasks/get", { taskId });
      expect(result).toMatchObject({
        resultType: "complete",
        status: "failed",
        statusMessage: expect.stringContaining("not known"),
        error: { code: -32603, message: expect.stringContaining("veo_get_task") },
      });
      expect(result).not.toHaveProperty("result");
      // Asking for a task that is over does not bring it back to life: veo_get_task does.
      for (let turn = 0; turn < 3; turn += 1) {
        await world.advance(20_000);
        expect(await client.get(taskId)).toMatchObject({ status: "failed" });
      }
      expect(world.taskQueries()).toBe(asked);
    });

    it("is failed for ever once it was given up, while veo_get_task finds the video after all", async () => {
      const { taskId } = await client.make({ prompt: "[never] a fox" });
      await world.inObject((_, { storage }) => {
        storage.sql.exec("UPDATE task SET created_at_ms = created_at_ms - ?", DAY_MS);
      });
      await world.advance(60_000);
      const failed = await client.get(taskId);
      world.simulator.finish();
      await client.poll(taskId);
      await world.advance(1000);
      expect((await client.poll(taskId))?.structuredContent).toMatchObject({
        state: "succeeded",
        videos: [{}],
      });
      expect(await client.get(taskId)).toEqual(failed);
      expect(failed.status).toBe("failed");
    });

    it("is kept for its ttlMs, and forgotten after that", async () => {
      const { taskId, ttlMs } = await client.make();
      await world.advance(90_000);
      // Old tasks are forgotten with whatever is submitted next.
      await world.advance(ttlMs - 90_000);
      await client.make({ prompt: "[never] a fox" });
      expect(await client.get(taskId)).toMatchObject({ status: "completed" });
      await world.advance(1000);
      await client.make({ prompt: "[never] a fox" });
      expect(await client.ask("tasks/get", { taskId })).toMatchObject({
        error: { code: -32602, message: "Task not found" },
      });
    });
  });

  describe("that is updated", () => {
    it.each([{}, { key: { action: "accept", content: {} } }, { key: 1, other: { method: "x" } }])(
      "with %j, which it never asked for, is acknowledged, and goes on",
      async (inputResponses) => {
        const { taskId } = await client.make();
        const before = await client.get(taskId);
        const { result } = await client.ask("tasks/update", { taskId, inputResponses });
        expect(result).toEqual(ACKNOWLEDGED);
        expect(await client.get(taskId)).toEqual(before);
      },
    );
  });
});
