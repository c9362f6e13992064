import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_SUBSCRIPTIONS } from "../../src/mcp/subscription-store.ts";
import { TASKS_EXTENSION } from "../../src/mcp/task-directory.ts";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";
import { askToListen, expectAsleep, type ListenOptions, listen } from "./event-reader.ts";
import { askModern } from "./raw-request.ts";

const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);
const uris = (count: number) => ids(count).map((id) => `veo://tasks/${id}`);
const TASKS_ARE_REQUIRED = {
  code: -32021,
  data: { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
};

describe("subscriptions/listen refuses", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  const INVALID = { status: 200, error: { code: -32602 } };
  const UNDECLARED = { status: 400, error: TASKS_ARE_REQUIRED };
  it.each<[string, Omit<ListenOptions, "notifications"> & { notifications?: unknown }, object]>([
    ["a request without notifications", {}, INVALID],
    ["notifications that are a list", { notifications: [] }, INVALID],
    ["notifications that are a text", { notifications: "tasks" }, INVALID],
    ["a flag that is none", { notifications: { toolsListChanged: "yes" } }, INVALID],
    ["one task id in place of a list", { notifications: { taskIds: "a" } }, INVALID],
    ["task ids that are numbers", { notifications: { taskIds: [1] } }, INVALID],
    ["task ids by name", { notifications: { taskIds: { "0": "a" } } }, INVALID],
    ["task ids that are null", { notifications: { taskIds: null } }, INVALID],
    ["a resource in place of a list", { notifications: { resourceSubscriptions: "veo://x" } }, INVALID],
    ["resources that are null", { notifications: { resourceSubscriptions: [null] } }, INVALID],
    [
      "a 201st task",
      { notifications: { taskIds: ids(MAX_SUBSCRIPTIONS + 1) } },
      { ...INVALID, error: { code: -32602, message: "A stream takes at most 200 subscriptions" } },
    ],
    ["a 201st resource", { notifications: { resourceSubscriptions: uris(MAX_SUBSCRIPTIONS + 1) } }, INVALID],
    [
      "201 of both together",
      { notifications: { taskIds: ids(101), resourceSubscriptions: uris(100) } },
      INVALID,
    ],
    ["ten thousand of them", { notifications: { taskIds: ids(10_000) } }, INVALID],
    ["repeats, though they are one", { notifications: { taskIds: Array(201).fill("a") } }, INVALID],
    [
      "more than a megabyte",
      { notifications: { taskIds: ["x".repeat(1024 * 1024)] } },
      { status: 413, error: { code: -32600 } },
    ],
    [
      "what is nested too deep",
      { notifications: { taskIds: JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`) } },
      { status: 400, error: { code: -32600 } },
    ],
    ["tasks without the extension", { capabilities: {}, notifications: { taskIds: ["a"] } }, UNDECLARED],
    ["no tasks, without it", { capabilities: {}, notifications: { taskIds: [] } }, UNDECLARED],
    [
      "tasks with another extension",
      { capabilities: { extensions: { "io.example/tasks": {} } }, notifications: { taskIds: ["a"] } },
      UNDECLARED,
    ],
    [
      "tasks with an extension that is switched off",
      { capabilities: { extensions: { [TASKS_EXTENSION]: null } }, notifications: { taskIds: ["a"] } },
      { status: 400, error: { code: -32602 } },
    ],
    [
      "another version",
      { headers: { "mcp-protocol-version": "2025-11-25" }, notifications: {} },
      { status: 400, error: { code: -32020 } },
    ],
    [
      "another method in the header",
      { headers: { "mcp-method": "tools/list" }, notifications: {} },
      { status: 400, error: { code: -32020 } },
    ],
    [
      "who takes no stream",
      { headers: { accept: "application/json" }, notifications: {} },
      { status: 406, error: { code: -32000 } },
    ],
    [
      "who takes no stream, with tasks",
      { headers: { accept: "application/json;q=0.9, text/html" }, notifications: { taskIds: ["a"] } },
      { status: 406, error: { code: -32000 } },
    ],
    ["whom it does not know", { bearer: "nobody", notifications: { taskIds: ["a"] } }, { status: 401 }],
    ["an id that is no integer", { id: 1.5, notifications: {} }, { status: 400, error: { code: -32600 } }],
  ])("%s, and wakes no object for it", async (_what, request, expected) => {
    const response = await askToListen(world, { notifications: undefined, ...request });
    const body: unknown = JSON.parse(await response.text());
    expect({ status: response.status, ...Object(body) }).toMatchObject(expected);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    await expectAsleep();
  });

  it("nothing that is only long: ids of a hundred kilobytes are left out like any other that is unknown", async () => {
    const notifications = {
      taskIds: ids(4).map((id) => id.repeat(25_000)),
      resourceSubscriptions: uris(4).map((uri) => `${uri}${"x".repeat(100_000)}`),
    };
    const stream = await listen(world, { id: "x".repeat(100_000), notifications });
    expect(stream.acknowledged.params?.notifications).toEqual({});
    expect(await stream.rest()).toHaveLength(1);
  });

  it("200 subscriptions neither in one list nor in two", async () => {
    const half = MAX_SUBSCRIPTIONS / 2;
    for (const notifications of [
      { taskIds: ids(MAX_SUBSCRIPTIONS) },
      { taskIds: ids(half), resourceSubscriptions: uris(half) },
    ])
      expect((await listen(world, { notifications })).acknowledged.params?.notifications).toEqual({});
  });

  it("to be a method of the other generation, or of a session", async () => {
    const listened = await world.fetch("/mcp", {
      method: "POST",
      headers: {
        authorization: `Bearer ${ACCESS_KEY}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": crypto.randomUUID(),
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: { notifications: { taskIds: ["a"] } },
      }),
    });
    expect(listened.status).toBe(400);
    expect(await listened.json()).toMatchObject({ error: { code: expect.any(Number) } });
    const subscribed = await askModern(world, {
      method: "resources/subscribe",
      params: { uri: "veo://models" },
    });
    expect(subscribed).toMatchObject({ status: 404, error: { code: -32601 } });
  });
});
