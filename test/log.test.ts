import { afterEach, describe, expect, it, vi } from "vitest";
import { accountHash } from "../src/agent/account-hash.ts";
import { createLog, DATA_POINT_BLOBS, DATA_POINT_DOUBLES, LOG_EVENTS, LOG_LEVELS } from "../src/log.ts";
import { readLog } from "./log-lines.ts";

const SECRET_KEY = "secret-key-of-the-log-0123456789-0123456789";

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
    const none = Array<string>(9).fill("");
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
