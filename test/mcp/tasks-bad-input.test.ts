import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { askModern, TASKS } from "./raw-request.ts";
import { createTaskClient, type TaskClient } from "./task-client.ts";

const METHODS = ["tasks/get", "tasks/cancel", "tasks/update"] as const;
const NOT_FOUND = { status: 200, result: undefined, error: { code: -32602, message: "Task not found" } };
const INVALID_PARAMS = { status: 200, result: undefined, error: { code: -32602 } };
const HEADER_MISMATCH = { status: 400, error: { code: -32020 } };
const UNDECLARED = { status: 400, error: { code: -32021, data: { requiredCapabilities: TASKS } } };
const METHOD_NOT_FOUND = { status: 404, error: { code: -32601 } };

describe("bad requests about tasks", () => {
  let world: World;
  let client: TaskClient;
  let taskId: string;
  beforeEach(async () => {
    world = createWorld();
    client = createTaskClient(world);
    ({ taskId } = await client.make());
  });
  afterEach(async () => {
    // Whatever was sent, nobody asked the upstream, and the task is as it was.
    expect(world.taskQueries()).toBe(0);
    expect(await client.get(taskId)).toMatchObject({ status: "working" });
    await world.end();
  });

  describe.each(METHODS)("%s", (method) => {
    const ask = (id: unknown, capabilities?: object) =>
      client.ask(method, { taskId: id, inputResponses: {} }, capabilities);

    it("of an id that no task of the account has is -32602, in the same words for all of them", async () => {
      for (const id of [
        `sub_${"0".repeat(32)}`,
        taskId.toUpperCase(),
        "tasks-conformance-nonexistent-12345",
        "x".repeat(5000),
        "'--",
        "%",
      ])
        expect(await ask(id), id).toMatchObject(NOT_FOUND);
    });

    it("of a task by the upstream's id is -32602: that is not its id here", async () => {
      const { task_id } = Object((await client.poll(taskId))?.structuredContent);
      expect(task_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await ask(task_id)).toMatchObject(NOT_FOUND);
    });

    it("of an id that is not text, or not there, is -32602", async () => {
      for (const id of [undefined, null, 7, [taskId], { id: taskId }])
        expect(await ask(id), String(id)).toMatchObject(INVALID_PARAMS);
    });

    it("without the extension declared is -32021, whatever else is right or wrong about it", async () => {
      for (const id of [taskId, "gate-test", 7, undefined])
        for (const capabilities of [{}, { extensions: {} }, { extensions: { "com.example/tasks": {} } }])
          expect(await ask(id, capabilities), String(id)).toMatchObject(UNDECLARED);
    });

    it("with the extension declared as something else is refused", async () => {
      for (const declaration of [true, null, "yes", []]) {
        const capabilities = { extensions: { "io.modelcontextprotocol/tasks": declaration } };
        expect(await ask(taskId, capabilities)).toMatchObject({ status: 400, error: { code: -32602 } });
      }
    });

    it("with headers that say something else is -32020, and changes nothing", async () => {
      const params = { taskId, inputResponses: {} };
      for (const headers of [
        { "mcp-name": "something-else" },
        { "mcp-name": undefined },
        { "mcp-method": "tools/call" },
        { "mcp-method": undefined },
      ])
        expect(await askModern(world, { method, params, headers })).toMatchObject(HEADER_MISMATCH);
    });
  });

  it("an update without an object of inputResponses is -32602, after all that is checked first", async () => {
    for (const inputResponses of [undefined, null, 7, "accept", true, [], [{ action: "accept" }]]) {
      const params = { taskId, inputResponses };
      const name = JSON.stringify(inputResponses);
      expect(await client.ask("tasks/update", params), name).toMatchObject({
        ...INVALID_PARAMS,
        error: { message: expect.stringContaining("inputResponses") },
      });
      expect(await client.ask("tasks/update", params, {}), name).toMatchObject(UNDECLARED);
      const headers = { "mcp-name": "something-else" };
      expect(await askModern(world, { method: "tasks/update", params, headers }), name).toMatchObject(
        HEADER_MISMATCH,
      );
    }
  });

  it("methods that earlier drafts had are not there: -32601", async () => {
    for (const method of ["tasks/list", "tasks/result"])
      for (const capabilities of [TASKS, {}])
        expect(await client.ask(method, { taskId }, capabilities)).toMatchObject(METHOD_NOT_FOUND);
  });

  it("a call that declares the extension as something else is refused before it costs anything", async () => {
    const capabilities = { extensions: { "io.modelcontextprotocol/tasks": true } };
    const { status, error } = await client.call("veo_text_to_video", { prompt: "a fox" }, capabilities);
    expect({ status, error }).toMatchObject({ status: 400, error: { code: -32602 } });
    expect(world.paidCalls()).toBe(1);
  });
});
