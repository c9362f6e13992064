import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Retention } from "../../src/ledger/retention.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { UsageStore } from "../../src/ledger/usage-store.ts";
import { WatchStore } from "../../src/ledger/watch-store.ts";
import { SESSION_UNUSED_MS } from "../../src/mcp/session-store.ts";
import { connectLegacy, connectModern, type TestClient } from "../clients.ts";
import { tablesOf } from "../stored-tables.ts";
import { createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";
import { addTasks, createdAtMs, positionOf } from "./many-tasks.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** `TASK_RETENTION_DAYS`, when nobody sets it. */
const RETENTION = 90 * DAY;

describe("what is old", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 5000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const make = (prompt: string) =>
    world.until(client.callTool("veo_text_to_video", { prompt, idempotency_key: prompt }), 0);
  const rows = () => world.inObject((_, { storage }) => tablesOf(storage));
  const prompts = () =>
    world.inObject((_, { storage }) =>
      storage.sql
        .exec("SELECT request ->> 'prompt' AS prompt FROM task ORDER BY position")
        .toArray()
        .map(({ prompt }) => prompt),
    );
  /** How often the object woke by itself. */
  const rounds = async (ms: number) => {
    let count = 0;
    const endMs = Date.now() + ms;
    for (;;) {
      const alarmMs = await world.inObject((_, { storage }) => storage.getAlarm());
      if (alarmMs === null || alarmMs > endMs) return count;
      await world.advance(alarmMs - Date.now());
      count += 1;
    }
  };

  it("is forgotten where nobody calls any more, with all that belongs to it, and then the object sleeps", async () => {
    await make("a fox");
    await make("[fail] an otter");
    await world.advance(MINUTE);
    await world.evict();
    await world.advance(RETENTION - MINUTE);
    expect(await prompts()).toHaveLength(2);
    await world.advance(DAY + MINUTE);
    const { task, task_prompt, video, usage } = await rows();
    expect({ task, task_prompt, video, usage }).toEqual({ task: [], task_prompt: [], video: [], usage: [] });
    expect(await world.inObject((_, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("goes once a day, however much of it there is, and what is younger or open stays", async () => {
    for (const hour of [0, 1, 2]) {
      await make(`old, hour ${hour}`);
      await world.advance(60 * MINUTE);
    }
    await make("open");
    // As if nobody had a key to look at it with.
    await world.inObject((_, { storage }) =>
      storage.sql.exec(
        "UPDATE task SET next_check_at_ms = ? WHERE request ->> 'prompt' = 'open'",
        Date.now() + 2 * RETENTION,
      ),
    );
    await world.advance(3 * DAY);
    await make("young");
    await world.advance(MINUTE);
    expect(await rounds(RETENTION - DAY)).toBeLessThanOrEqual((RETENTION - DAY) / DAY);
    expect(await prompts()).toEqual(["open", "young"]);
    expect(await rounds(4 * DAY)).toBeLessThanOrEqual(4);
    expect(await prompts()).toEqual(["open"]);
  });

  it("goes in rounds of its own where there is much of it", async () => {
    await make("young");
    await world.inObject((_, { storage }) => addTasks(storage.sql, 0, 1200));
    await world.evict();
    await connectModern(world);
    await world.advance(MINUTE);
    expect(await prompts()).toEqual(["young"]);
  });

  it("frees its key and is found no more, while what is kept is", async () => {
    await make("a fox");
    await world.advance(RETENTION - DAY);
    await make("a heron");
    await world.advance(2 * DAY + MINUTE);
    const found = await client.callTool("veo_list_tasks", { query: "a" });
    expect(found.structuredContent).toMatchObject({ count: 1 });
    await make("a heron");
    expect(world.paidCalls()).toBe(2);
    await make("a fox");
    expect(world.paidCalls()).toBe(3);
  });

  it("stays for a day after its end was learnt, though it was ordered long before", async () => {
    await make("a fox");
    world.skip(RETENTION + 2 * DAY);
    await world.advance(MINUTE);
    const found = async () => (await client.callTool("veo_list_tasks")).structuredContent;
    expect(await found()).toMatchObject({ tasks: [{ state: "succeeded" }] });
    await make("a heron");
    await world.advance(DAY - 2 * MINUTE);
    expect(await prompts()).toEqual(["a fox", "a heron"]);
    await world.advance(2 * MINUTE);
    expect(await prompts()).toEqual(["a heron"]);
  });

  it("stays for a day after somebody asked for it who had it made elsewhere", async () => {
    const made = await world.simulator.fetch("https://upstream.test/veo/videos", {
      method: "POST",
      headers: { authorization: `Bearer ${UPSTREAM_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ action: "text2video", prompt: "a fox", model: "veo31-fast", async: true }),
    });
    expect(made.status).toBe(200);
    const task_id = world.simulator.tasks[0]?.taskId ?? "";
    world.skip(RETENTION + 2 * DAY);
    const get = () => world.until(client.callTool("veo_get_task", { task_id }));
    const first = await get();
    expect(first.structuredContent).toMatchObject({ task_id, state: "succeeded" });
    await world.advance(10_000);
    expect((await get()).structuredContent).toEqual(first.structuredContent);
    expect(world.taskQueries()).toBe(1);
    await world.advance(DAY + MINUTE);
    expect(await prompts()).toEqual([]);
  });

  it("waits until the deployment's budget was told, or does not want to know any more", async () => {
    await world.inObject((_, { storage: { sql } }) => {
      addTasks(sql, 0, 2);
      sql.exec("UPDATE task SET settlement = 'due' WHERE position = ?", positionOf(0));
      let nowMs = createdAtMs(1) + DAY + 2 * MINUTE;
      const rows = { tasks: new TaskStore(sql), usage: new UsageStore(sql), watch: new WatchStore(sql) };
      const retention = new Retention({ ...rows, now: () => nowMs }, DAY);
      expect(retention.nextAtMs()).toBe(createdAtMs(0) + 3 * DAY);
      retention.forgetTasks(20);
      expect(rows.tasks.page({}, 10)).toMatchObject([{ settlement: "due" }]);
      nowMs = createdAtMs(0) + 2 * DAY + 1;
      retention.forgetTasks(20);
      expect(rows.tasks.page({}, 10)).toEqual([]);
      expect(retention.nextAtMs()).toBeNull();
    });
  });

  it("of sessions ends them, where nobody opens another", async () => {
    await connectLegacy(world);
    await world.evict();
    await world.advance(SESSION_UNUSED_MS - MINUTE);
    expect((await rows()).session).toHaveLength(1);
    await world.advance(DAY + 2 * MINUTE);
    expect((await rows()).session).toEqual([]);
    expect(await world.inObject((_, { storage }) => storage.getAlarm())).toBeNull();
  });

  it("of answers to questions goes too", async () => {
    await make("a fox");
    await world.until(client.callTool("veo_get_task", { task_id: "nobody" }));
    expect((await rows()).lookup).toHaveLength(1);
    await world.advance(RETENTION + DAY + MINUTE);
    expect((await rows()).lookup).toEqual([]);
  });
});
