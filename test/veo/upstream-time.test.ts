import { describe, expect, it } from "vitest";
import { parseUpstreamTimeMs } from "../../src/veo/upstream-time.ts";

describe("times of the upstream", () => {
  // The upstream's own record: created_at 1753435158 beside "17:19:20", which is 09:19:18Z in UTC+8.
  it.each([
    [1753435158.509, "2025-07-25T09:19:18.509Z"],
    ["1753435158.509", "2025-07-25T09:19:18.509Z"],
    [1753435158509, "2025-07-25T09:19:18.509Z"],
    ["2025-07-25 17:19:20", "2025-07-25T09:19:20.000Z"],
    ["2025-07-25T17:19:20", "2025-07-25T09:19:20.000Z"],
    ["2025-07-25T17:19:20.5", "2025-07-25T09:19:20.500Z"],
    ["2025-11-14T17:50:07.97Z", "2025-11-14T17:50:07.970Z"],
    ["2025-11-14T17:50:07+02:00", "2025-11-14T15:50:07.000Z"],
  ])("reads %s as %s", (value, expected) => {
    const ms = parseUpstreamTimeMs(value);
    expect(ms === undefined ? ms : new Date(ms).toISOString()).toBe(expected);
  });

  it.each([undefined, null, "", "soon", "12", "2025-13-45 99:99:99", 0, -1, Number.NaN, 1e300, {}, []])(
    "does not take %s for a time",
    (value) => expect(parseUpstreamTimeMs(value)).toBeUndefined(),
  );
});
