import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createTaskClient, type TaskClient } from "../../mcp/task-client.ts";
import { ACCOUNT_SECRET_PREFIX } from "../../simulator/record.ts";
import type { World } from "../../world.ts";
import { accountOf, createPayersWorld, newKey, questionsOf } from "../payer.ts";

const METHODS = ["tasks/get", "tasks/cancel", "tasks/update"] as const;
const MINUTE_MS = 60_000;
const MASK = "/9j/4AAQmask0secret";
const CALLERS_OWN = "https://caller.test/callback-secret";
const video_id = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";

describe("tasks of people who pay for themselves", () => {
  const [adasKey, bobsKey] = [newKey("ada"), newKey("bob")];
  let world: World;
  let ada: TaskClient;
  let bob: TaskClient;
  beforeEach(() => {
    world = createPayersWorld({ accounts: [accountOf(adasKey), accountOf(bobsKey)] });
    ada = createTaskClient(world, adasKey);
    bob = createTaskClient(world, bobsKey);
  });
  afterEach(() => world.end());

  it("are nobody else's: another account cannot tell them from tasks that never were, nor change them", async () => {
    const { taskId } = await ada.make();
    await bob.make();
    for (const method of METHODS) {
      const foreign = await bob.ask(method, { taskId, inputResponses: {} });
      const never = await bob.ask(method, { taskId: `sub_${"0".repeat(32)}`, inputResponses: {} });
      expect(foreign).toMatchObject({ error: { code: -32602, message: "Task not found" } });
      expect(foreign).toEqual(never);
    }
    expect(await ada.get(taskId)).toMatchObject({ status: "working" });
    await world.advance(90_000);
    expect(await ada.get(taskId)).toMatchObject({ status: "completed" });
    expect(await bob.ask("tasks/get", { taskId })).toMatchObject({ error: { code: -32602 } });
    // Each of them asked about one task of their own.
    for (const { body } of questionsOf(world)) expect(body?.ids).toHaveLength(1);
  });

  it("are asked for soon again where the upstream may ring at any moment, however old they are", async () => {
    const { taskId, pollIntervalMs = 0 } = await ada.make({ prompt: "[never] a fox" });
    expect(world.simulator.requestsTo("paid")[0]?.body).toHaveProperty("callback_url");
    const intervals = [pollIntervalMs];
    await world.advance(12 * MINUTE_MS);
    for (let turn = 0; turn < 10; turn += 1) {
      const { pollIntervalMs = 0 } = await ada.get(taskId);
      intervals.push(pollIntervalMs);
      await world.advance(pollIntervalMs);
    }
    // The next look of a task of that age may be a minute away.
    expect(Math.max(...intervals)).toBe(16_000);
  });

  it("show no token, no callback address, no mask and no account of the upstream, however they end", async () => {
    const lines: string[] = [];
    for (const level of ["debug", "log", "info", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation((...line) => void lines.push(line.map(String).join(" ")));
    const seeds = [
      await ada.make(),
      await ada.make({ prompt: "[fail] a fox" }),
      await ada.make({ prompt: "[never] a fox" }),
      await ada.make({ callback_url: CALLERS_OWN }),
    ];
    const removal = { video_id, action: "remove", image_mask: MASK };
    const masked = await ada.call("veo_video_objects", removal);
    const ids = [...seeds.map(({ taskId }) => taskId), String(masked.result?.taskId)];
    const told: unknown[] = [seeds, masked];
    const look = async () => {
      for (const taskId of ids) told.push(await ada.ask("tasks/get", { taskId }));
    };
    await look();
    world.simulator.inject({
      kind: "status",
      match: "tasks",
      status: 500,
      code: "api_error",
      message: `bad ${adasKey}`,
    });
    await world.advance(16_000);
    await look();
    await world.advance(2 * MINUTE_MS);
    for (const method of METHODS) {
      told.push(await ada.ask(method, { taskId: ids[2], inputResponses: { key: { action: "accept" } } }));
      told.push(await ada.ask(method, { taskId: "x", inputResponses: {} }));
      told.push(await ada.ask(method, { taskId: ids[0] }, {}));
    }
    await look();

    const addresses = world.simulator.requestsTo("paid").map(({ body }) => String(body?.callback_url));
    expect(new Set(addresses).size).toBe(5);
    const text = JSON.stringify(told) + lines.join("\n");
    for (const status of ["working", "completed", "cancelled", "isError", "HTTP 500"])
      expect(text).toContain(status);
    for (const secret of [
      ...addresses,
      "/callbacks/",
      adasKey,
      ACCOUNT_SECRET_PREFIX,
      MASK,
      "callback_url",
      "image_mask",
    ])
      expect(text, secret).not.toContain(secret);
  });
});
