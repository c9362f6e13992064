import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountHash } from "../../src/agent/account-hash.ts";
import { LANES } from "../clients.ts";
import { expectDocumented, type LogLines, readLog } from "../log-lines.ts";
import { createWorld, type World } from "../world.ts";

const SECRET_KEY = "secret-key-of-the-log-0123456789-0123456789";
const OWNER = accountHash("owner", SECRET_KEY);
const took = expect.any(Number);

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
    const limit = "MAX_TASKS_IN_FLIGHT";
    expect(lines.take()).toEqual([toolCall({ tool: "veo_text_to_video", outcome: "limit_reached", limit })]);
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
