import { describe, expect, it } from "vitest";
import { progressAfter } from "../../src/ledger/progress.ts";
import { TYPICAL_SECONDS } from "../../src/veo/capabilities.ts";

const { min, max } = TYPICAL_SECONDS;
const DAY_SECONDS = 86_400;

describe("how far a task is", () => {
  it.each([
    [0, `Making the video: 0 s so far; most take ${min} to ${max} s.`],
    [12_345, `Making the video: 12 s so far; most take ${min} to ${max} s.`],
    [max * 1000, `Making the video: ${max} s so far; most take ${min} to ${max} s.`],
    [
      max * 1000 + 1999,
      `Making the video: ${max + 1} s so far; that is longer than most take (${min} to ${max} s).`,
    ],
  ])("after %i ms is the time that passed, against the time that most take", (elapsedMs, message) => {
    expect(progressAfter(elapsedMs)).toMatchObject({ progress: elapsedMs / 1000, message });
  });

  it("is measured against the longest that most take, until that is near", () => {
    expect(progressAfter(60_000).total).toBe(max);
    expect(progressAfter(0.9 * max * 1000).total).toBe(max);
    expect(progressAfter(max * 1000).total).toBeGreaterThan(max);
  });

  it("grows with every moment, in itself and as a share, and is never the whole", () => {
    let before = { progress: -1, share: -1 };
    for (let seconds = 0; seconds < DAY_SECONDS; seconds += seconds < 600 ? 0.5 : 61) {
      const { progress, total } = progressAfter(seconds * 1000);
      const share = progress / total;
      expect(progress).toBeGreaterThan(before.progress);
      expect(share, `${seconds} s`).toBeGreaterThan(before.share);
      expect(share).toBeLessThan(1);
      before = { progress, share };
    }
  });

  it("is nothing for a task that the upstream's clock puts into the future", () => {
    expect(progressAfter(-5000)).toEqual(progressAfter(0));
  });
});
