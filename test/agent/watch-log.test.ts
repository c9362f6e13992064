import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountHash } from "../../src/agent/account-hash.ts";
import { DATA_POINT_BLOBS, DATA_POINT_DOUBLES } from "../../src/log.ts";
import { expectDocumented, type LogLine, type LogLines, readLog } from "../log-lines.ts";
import { createTaskClient } from "../mcp/task-client.ts";
import { createWorld, type World } from "../world.ts";

const SECRET_KEY = "secret-key-of-the-log-0123456789-0123456789";
const OWNER = accountHash("owner", SECRET_KEY);
const took = expect.any(Number);

/** The data point of a line. */
const pointOf = (line: LogLine): AnalyticsEngineDataPoint => ({
  indexes: [String(line.account)],
  blobs: DATA_POINT_BLOBS.map((name) => String(line[name] ?? "")),
  doubles: DATA_POINT_DOUBLES.map((name) => Number(line[name] ?? 0)),
});

describe("what happens between calls", () => {
  let world: World;
  let lines: LogLines;
  const points: AnalyticsEngineDataPoint[] = [];
  beforeEach(() => {
    points.length = 0;
    const dataset = { writeDataPoint: (point: AnalyticsEngineDataPoint) => void points.push(point) };
    world = createWorld({
      generationMs: 60_000,
      rings: true,
      deployment: { SECRET_KEY, LOG_LEVEL: "debug", ...{ VEO_ANALYTICS: dataset } },
    });
    world.simulator.configure({ dialect: { traceId: "given" } });
    lines = readLog();
  });
  afterEach(async () => {
    expectDocumented(lines);
    await world.end();
  });

  const round = (facts: object) => ({
    event: "alarm_round",
    level: "info",
    account: OWNER,
    duration_ms: took,
    outcome: "ok",
    ...facts,
  });

  it("has a line for the call as a task, for each ring, round and request, and a data point for each line", async () => {
    const client = createTaskClient(world);
    const { taskId } = await client.make({ prompt: "a heron" });
    expect(lines.take("upstream_request")).toEqual([
      {
        event: "tool_call",
        level: "info",
        account: OWNER,
        tool: "veo_text_to_video",
        outcome: "ok",
        duration_ms: took,
        submission_id: taskId,
        trace_id: expect.any(String),
      },
    ]);
    await world.advance(70_000);
    const after = lines.take();
    expect(after.filter(({ event }) => event === "callback")).toEqual([
      { event: "callback", level: "info", account: OWNER, outcome: "rang", duration_ms: took },
    ]);
    const rounds = after.filter(({ event }) => event === "alarm_round");
    expect(rounds.length).toBeGreaterThan(0);
    for (const line of rounds) expect(line).toEqual(round({ tasks: 1 }));
    const requests = after.filter(({ event }) => event === "upstream_request");
    expect(requests).toHaveLength(world.taskQueries());
    for (const line of requests)
      expect(line).toMatchObject({ account: OWNER, path: "/veo/tasks", outcome: "ok", status: 200 });
    expect((await client.get(taskId)).status).toBe("completed");
    // Neither a call of a tool, nor a request.
    expect(lines.take()).toEqual([]);

    expect(points).toEqual(lines.all().map(pointOf));
  });

  it("has the upstream's trouble in the request's line as a warning, and in the round's", async () => {
    await createTaskClient(world).make();
    lines.take();
    world.simulator.inject({ kind: "html", match: "tasks", status: 502 });
    await world.advance(15_000);
    expect(lines.take()).toEqual([
      {
        event: "upstream_request",
        level: "warn",
        account: OWNER,
        path: "/veo/tasks",
        outcome: "status",
        status: 502,
        duration_ms: took,
      },
      round({ outcome: "status", status: 502, tasks: 1 }),
    ]);
  });

  it("has one line for a round that breaks in a way nobody foresaw", async () => {
    await createTaskClient(world).make();
    lines.take();
    await world.inObject((_, { storage }) => void storage.sql.exec("ALTER TABLE lookup RENAME TO heron"));
    await world.advance(15_000);
    expect(lines.take()).toEqual([
      {
        event: "alarm_round",
        level: "error",
        account: OWNER,
        outcome: "crashed",
        error: "Error",
        duration_ms: took,
      },
    ]);
    await world.inObject((_, { storage }) => void storage.sql.exec("ALTER TABLE heron RENAME TO lookup"));
    await world.advance(60_000);
    expect(lines.take("upstream_request", "callback").length).toBeGreaterThan(0);
  });

  it("has one line for a ring that is forged, comes too late, or where nobody is to ring", async () => {
    await createTaskClient(world).make();
    const given = String(world.simulator.requestsTo("paid")[0]?.body?.callback_url);
    await world.advance(70_000);
    lines.take();
    const ring = async (address: string) => {
      const response = await world.fetch(address, { method: "POST" });
      await response.text();
      return response.status;
    };
    const told = (facts: object) => [{ event: "callback", level: "info", duration_ms: took, ...facts }];
    expect(await ring(given)).toBe(404);
    expect(lines.take()).toEqual(told({ account: OWNER, outcome: "not_watched" }));
    expect(await ring(`${given.slice(0, -1)}_`)).toBe(404);
    expect(lines.take()).toEqual(told({ outcome: "forged" }));
    world.deploy({ CALLBACKS: "off" });
    expect(await ring(given)).toBe(404);
    expect(lines.take()).toEqual(told({ outcome: "closed" }));
  });

  it.each([
    ["found", { kind: "drop", when: "after" }, 5000],
    ["never_arrived", { kind: "drop" }, 605_000],
  ] as const)(
    "has a line when an order whose answer was lost is known to be %s",
    async (outcome, fault, afterMs) => {
      world.simulator.inject({ match: "paid", ...fault });
      const client = createTaskClient(world);
      await client.call("veo_text_to_video", { prompt: "[no-callback] a heron" });
      const [call] = lines.of("tool_call");
      await world.advance(20 * 60_000);
      expect(lines.of("lost_order")).toEqual([
        {
          event: "lost_order",
          level: "info",
          account: OWNER,
          outcome,
          submission_id: call?.submission_id,
          duration_ms: afterMs,
        },
      ]);
      expect(points).toContainEqual(pointOf(lines.of("lost_order")[0] ?? { event: "none", level: "none" }));
    },
  );

  it("has a warning when nobody can find out what became of an order", async () => {
    world.simulator.inject({ kind: "body", match: "tasks", text: '{"items":"none"}', times: "forever" });
    world.simulator.inject({ match: "paid", kind: "drop", when: "after" });
    const client = createTaskClient(world);
    await client.call("veo_text_to_video", { prompt: "[no-callback] a heron" });
    world.skip(8 * 86_400_000);
    await world.advance(600_000);
    expect(lines.of("lost_order")).toMatchObject([{ level: "warn", outcome: "unknown" }]);
  });
});
