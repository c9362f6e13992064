import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accountHash } from "../src/agent/account-hash.ts";
import { createLog, DATA_POINT_BLOBS, DATA_POINT_DOUBLES, LOG_EVENTS, LOG_LEVELS } from "../src/log.ts";
import { createBrowser } from "./auth/browser.ts";
import { callMcp, registerClient, signIn } from "./auth/oauth-client.ts";
import { createSignInWorld } from "./auth/sign-in-world.ts";
import { LANES } from "./clients.ts";
import { expectDocumented, type LogLine, type LogLines, readLog } from "./log-lines.ts";
import { openSession } from "./mcp/raw-request.ts";
import { createTaskClient } from "./mcp/task-client.ts";
import { ACCESS_KEY, createWorld, UPSTREAM_TOKEN, type World } from "./world.ts";

const SECRET_KEY = "secret-key-of-the-log-0123456789-0123456789";
const OWNER = accountHash("owner", SECRET_KEY);
const took = expect.any(Number);

/** The data point of a line. */
const pointOf = (line: LogLine): AnalyticsEngineDataPoint => ({
  indexes: [String(line.account)],
  blobs: DATA_POINT_BLOBS.map((name) => String(line[name] ?? "")),
  doubles: DATA_POINT_DOUBLES.map((name) => Number(line[name] ?? 0)),
});

describe("the log", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each(LOG_LEVELS)("of level %s has what is at or above it, and nothing below", (least) => {
    const lines = readLog();
    const log = createLog(least);
    for (const level of LOG_LEVELS) log(level, "budget_unreachable", { error: level });
    const expected = LOG_LEVELS.slice(LOG_LEVELS.indexOf(least));
    expect(lines.take()).toEqual(
      expected.map((level) => ({ event: "budget_unreachable", level, error: level })),
    );
  });

  it("has one JSON object in a line, with the event first, and never more than 128 characters in a field", () => {
    const lines = readLog();
    createLog("info", undefined, "abc")("info", "callback", { outcome: `a\n${"b".repeat(200)}` });
    expect(lines.text()).toBe(`{"event":"callback","account":"abc","outcome":"a\\n${"b".repeat(126)}"}`);
  });

  it("hands every fact to the dataset too, in columns that stay where they are, at whatever level", () => {
    const points: unknown[] = [];
    const log = createLog("error", { writeDataPoint: (point) => void points.push(point) }, "abc");
    log("info", "tool_call", { tool: "veo_get_task", outcome: "ok", duration_ms: 12, trace_id: "t-1" });
    log("info", "alarm_round", { outcome: "status", tasks: 3, lost: 1, status: 502, duration_ms: 40 });
    createLog("error", { writeDataPoint: (point) => void points.push(point) })("debug", "refused");
    const none = Array<string>(8).fill("");
    expect(points).toEqual([
      {
        indexes: ["abc"],
        blobs: ["tool_call", "info", "veo_get_task", "", "ok", "t-1", ...none, ""],
        doubles: [12, 0, 0, 0, 0],
      },
      {
        indexes: ["abc"],
        blobs: ["alarm_round", "info", "", "", "status", "", ...none, ""],
        doubles: [40, 502, 3, 1, 0],
      },
      {
        indexes: [""],
        blobs: ["refused", "debug", "", "", "", "", ...none, ""],
        doubles: [0, 0, 0, 0, 0],
      },
    ]);
  });

  it("has a column for every field of every line, and no more columns than a data point may have", () => {
    const columns: readonly string[] = [...DATA_POINT_BLOBS, ...DATA_POINT_DOUBLES];
    for (const [event, { fields }] of Object.entries(LOG_EVENTS))
      for (const field of fields) expect(columns, `${field} of ${event}`).toContain(field);
    expect(DATA_POINT_BLOBS.length).toBeLessThanOrEqual(20);
    expect(DATA_POINT_DOUBLES.length).toBeLessThanOrEqual(20);
  });

  it("is written all the same when the dataset fails, and nobody else fails with it", () => {
    const lines = readLog();
    const broken = {
      writeDataPoint() {
        throw new TypeError("too many data points");
      },
    };
    createLog("info", broken)("info", "signed_in", { mode: "team" });
    expect(lines.take()).toEqual([{ event: "signed_in", mode: "team", level: "info" }]);
  });

  it("names an account by a hash, which with a secret key nobody can find by trying names", () => {
    const names = ["owner", "github-11", "github-12"];
    const hashes = names.flatMap((name) => [
      accountHash(name, undefined),
      accountHash(name, SECRET_KEY),
      accountHash(name, `${SECRET_KEY}-of-another`),
    ]);
    expect(new Set(hashes).size).toBe(9);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(accountHash("github-11", SECRET_KEY)).toBe(accountHash("github-11", SECRET_KEY));
  });
});

describe.each(LANES)("a tool call, $lane", ({ connect }) => {
  let world: World;
  let lines: LogLines;
  let call: (tool: string, args?: Record<string, unknown>) => Promise<unknown>;
  beforeEach(async () => {
    world = createWorld({
      generationMs: 60_000,
      deployment: {
        SECRET_KEY,
        LOG_LEVEL: "info",
        VEO_DISABLED_TOOLS: "veo_reshoot",
        MAX_TASKS_IN_FLIGHT: "1",
      },
    });
    world.simulator.configure({ dialect: { traceId: "given" } });
    lines = readLog();
    const client = await world.until(connect(world));
    call = (tool, args) => world.until(client.callTool(tool, args));
    expect(lines.take()).toEqual([]);
  });
  afterEach(async () => {
    expectDocumented(lines);
    await world.end();
  });

  const toolCall = (facts: object) => ({
    event: "tool_call",
    level: "info",
    account: OWNER,
    duration_ms: took,
    ...facts,
  });
  const paid = (facts: object) => ({
    event: "upstream_request",
    level: "info",
    account: OWNER,
    path: "/veo/videos",
    duration_ms: took,
    ...facts,
  });

  it("has one line, and each request that it makes another one, with the upstream's trace", async () => {
    await call("veo_text_to_video", { prompt: "a heron" });
    const [request, answer] = lines.take();
    expect(request).toEqual(
      paid({ outcome: "ok", status: 200, trace_id: expect.stringMatching(/^[\w-]+$/) }),
    );
    expect(answer).toEqual(
      toolCall({
        tool: "veo_text_to_video",
        outcome: "ok",
        submission_id: expect.stringMatching(/^sub_/),
        trace_id: request?.trace_id,
      }),
    );
    // From the ledger: no request.
    await call("veo_list_tasks");
    expect(lines.take()).toEqual([toolCall({ tool: "veo_list_tasks", outcome: "ok" })]);
  });

  it("has one line whatever comes of it, which never says more than which tool and which kind of failure", async () => {
    await call("veo_get_task", { task_id: "x", trace_id: "y" });
    expect(lines.take()).toEqual([toolCall({ tool: "veo_get_task", outcome: "invalid_argument" })]);
    const tool = "veo_text_to_video";
    for (const [status, code, outcome] of [
      [401, "invalid_token", "unauthorized"],
      [403, "used_up", "out_of_credits"],
      [429, "too_many_requests", "rate_limited"],
    ] as const) {
      world.simulator.inject({ kind: "status", match: "paid", message: "a secret heron", status, code });
      await call(tool, { prompt: "a heron" });
      const trace_id = expect.any(String);
      expect(lines.take()).toEqual([
        paid({ level: "warn", outcome: "status", status, trace_id }),
        toolCall({ tool, outcome, status, trace_id }),
      ]);
    }
    await call("veo_text_to_video", { prompt: "a heron", idempotency_key: "k" });
    lines.take();
    await call("veo_text_to_video", { prompt: "an otter" });
    expect(lines.take()).toEqual([toolCall({ tool: "veo_text_to_video", outcome: "limit_reached" })]);
    await call("veo_text_to_video", { prompt: "an otter", idempotency_key: "k" });
    expect(lines.take()).toEqual([
      toolCall({
        tool: "veo_text_to_video",
        outcome: "idempotency_conflict",
        submission_id: expect.any(String),
      }),
    ]);
  });

  it("has one line when the tool is not there or switched off, without what the client called it", async () => {
    for (const tool of ["veo_reshoot", "my-secret-tool"]) {
      await expect(call(tool)).rejects.toThrow("Unknown tool");
      expect(lines.take()).toEqual([toolCall({ outcome: "unknown_tool" })]);
    }
    expect(lines.text()).not.toMatch(/my-secret|veo_reshoot/);
  });

  it("says of a lost order which it was, and the round that looks for it says how many", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await call("veo_text_to_video", { prompt: "a heron" });
    const [request, answer] = lines.take();
    expect(request).toEqual(paid({ level: "warn", outcome: "unreachable" }));
    expect(answer).toEqual(
      toolCall({
        tool: "veo_text_to_video",
        outcome: "submission_undetermined",
        submission_id: expect.stringMatching(/^sub_/),
      }),
    );
    await world.advance(120_000);
    expect(lines.of("alarm_round")[0]).toMatchObject({ account: OWNER, outcome: "ok", tasks: 1, lost: 1 });
  });

  it("that breaks in a way nobody foresaw has the incident's number, and no word of what broke", async () => {
    await world.inObject((_, { storage }) => void storage.sql.exec("ALTER TABLE usage RENAME TO heron"));
    const answer = await call("veo_get_usage");
    const [line, ...others] = lines.take();
    expect(others).toEqual([]);
    expect(line).toEqual(
      toolCall({
        level: "error",
        tool: "veo_get_usage",
        outcome: "internal",
        incident: expect.any(String),
        error: "Error",
      }),
    );
    expect(JSON.stringify(answer)).toContain(String(line?.incident));
  });
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
});

describe("all lines of a life", () => {
  let world: World;
  afterEach(() => world.end());

  it("have no prompt, no address, no secret and no name, at the lowest level", async () => {
    world = createSignInWorld({
      generationMs: 60_000,
      rings: true,
      deployment: { SECRET_KEY, LOG_LEVEL: "debug" },
    });
    const lines = readLog();
    const secrets = { ACCESS_KEY, UPSTREAM_TOKEN, SECRET_KEY, account: "owner", prompt: "kingfisher" };
    const session = await openSession(world);
    const call = (name: string, args: object) =>
      world.until(session.ask("tools/call", { name, arguments: args }));
    const image_urls = ["https://pictures.test/a-signed-picture?signature=abc"];
    await call("veo_image_to_video", { prompt: "a kingfisher", image_urls });
    const callback_url = "https://caller.test/a-callback-of-the-caller";
    await call("veo_text_to_video", { prompt: "[fail] a kingfisher", callback_url });
    world.simulator.inject({
      kind: "status",
      match: "paid",
      status: 400,
      code: "a kingfisher",
      message: `a kingfisher of ${UPSTREAM_TOKEN}`,
    });
    await call("veo_text_to_video", { prompt: "a kingfisher" });
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await call("veo_text_to_video", {
      prompt: "a lost kingfisher",
      idempotency_key: "key-of-the-kingfisher",
    });
    await world.advance(20 * 60_000);
    const listed = await call("veo_list_tasks", { query: "kingfisher" });
    const videos = JSON.stringify(listed.result).match(/https:[^"\\]+mp4/g) ?? [];
    const rings = world.simulator.requestsTo("paid").map(({ body }) => String(body?.callback_url));
    expect([videos.length > 0, rings.filter((address) => address.includes("/callbacks/")).length]).toEqual([
      true,
      3,
    ]);
    for (const address of rings) await (await world.fetch(address, { method: "POST" })).text();
    await session.end();
    await session.send({ jsonrpc: "2.0", id: 1, method: "ping" });
    const client = await registerClient(world);
    const tokens = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    for (const token of [tokens.access_token, `${tokens.access_token}x`, "a-key-that-is-wrong-0123"])
      await (await callMcp(world, token)).text();
    await (await client.refresh("a:b:c")).text();

    expectDocumented(lines);
    const events = new Set(lines.all().map(({ event }) => event));
    for (const event of ["tool_call", "upstream_request", "alarm_round", "callback", "refused", "signed_in"])
      expect(events).toContain(event);
    for (const line of lines.all())
      for (const [field, value] of Object.entries(line))
        for (const [name, secret] of Object.entries({
          ...secrets,
          ...tokens,
          session: session.id,
          image: "pictures.test",
          caller: "caller.test",
          rings: "/callbacks/",
          media: new URL(videos[0] ?? "").hostname,
          idempotency_key: "key-of-the-kingfisher",
          scope: "offline_access",
        }))
          expect(String(value).includes(String(secret)), `${name} in ${field} of ${line.event}`).toBe(false);
    for (const line of lines.all().filter(({ event }) => /^(tool_call|alarm_round)$/.test(event)))
      expect(line.account).toBe(OWNER);
  });
});
