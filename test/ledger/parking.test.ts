import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_PARKED, MAX_PARKED_PER_KEY, Parking } from "../../src/ledger/parking.ts";

const FAR_MS = 3_600_000;

describe("waiting calls", () => {
  it("go on when there is news, and only those that wait for it", async () => {
    const parking = new Parking();
    const mine = parking.wait("a", FAR_MS);
    let otherWentOn = false;
    const leave = new AbortController();
    const other = parking.wait("b", FAR_MS, { signal: leave.signal }).then(() => {
      otherWentOn = true;
    });
    parking.news("a");
    expect(await mine).toBe(true);
    expect(otherWentOn).toBe(false);
    leave.abort();
    await other;
  });

  it("go on when their caller leaves, or has left", async () => {
    const parking = new Parking();
    await expect(parking.wait("a", FAR_MS, { signal: AbortSignal.abort() })).resolves.toBe(true);
  });

  it(`are at most ${MAX_PARKED_PER_KEY} for one task; the next is answered at once`, async () => {
    const parking = new Parking();
    const waiting = Array.from({ length: MAX_PARKED_PER_KEY }, () => parking.wait("a", FAR_MS));
    expect(await parking.wait("a", FAR_MS)).toBe(false);
    parking.news("a");
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => true));
    const again = parking.wait("a", FAR_MS);
    parking.news("a");
    expect(await again).toBe(true);
  });

  it(`are at most ${MAX_PARKED} for an account; the next is answered at once`, async () => {
    const parking = new Parking();
    const keys = Array.from({ length: MAX_PARKED }, (_, index) => `task-${index}`);
    const waiting = keys.map((key) => parking.wait(key, FAR_MS));
    expect(await parking.wait("one more", FAR_MS)).toBe(false);
    for (const key of keys) parking.news(key);
    await Promise.all(waiting);
  });

  describe("that want to hear how it goes", () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    /** A call that waits, and how often it was told. */
    const wait = (parking: Parking, waitMs: number, signal?: AbortSignal) => {
      const onProgress = vi.fn();
      const told = () => onProgress.mock.calls.length;
      return { told, call: parking.wait("a", waitMs, { onProgress, signal }) };
    };

    it("hear at once, at every look at what they wait for, and whenever ten seconds have passed", async () => {
      const parking = new Parking();
      const { told, call } = wait(parking, 25_000);
      expect(told()).toBe(1);
      parking.looked("a");
      expect(told()).toBe(2);
      parking.looked("b");
      expect(told()).toBe(2);
      await vi.advanceTimersByTimeAsync(9999);
      expect(told()).toBe(2);
      await vi.advanceTimersByTimeAsync(1);
      expect(told()).toBe(3);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(told()).toBe(4);
      await vi.advanceTimersByTimeAsync(4999);
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(await call).toBe(true);
      // The answer itself says how it stands at the end.
      expect(told()).toBe(4);
    });

    it.each([
      ["news", (parking: Parking) => parking.news("a")],
      ["their deadline", () => vi.advanceTimersByTimeAsync(20_000)],
      ["leaving", (_: Parking, leave: AbortController) => leave.abort()],
    ] as const)("hear nothing any more after %s, and leave nothing behind", async (_what, end) => {
      const parking = new Parking();
      const leave = new AbortController();
      const forget = vi.spyOn(leave.signal, "removeEventListener");
      const { told, call } = wait(parking, 20_000, leave.signal);
      await end(parking, leave);
      expect(await call).toBe(true);
      const before = told();
      parking.looked("a");
      parking.news("a");
      leave.abort();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(told()).toBe(before);
      expect(vi.getTimerCount()).toBe(0);
      expect(forget).toHaveBeenCalled();
      // Its place is free: as many as ever find one.
      const others = Array.from({ length: MAX_PARKED_PER_KEY }, () => parking.wait("a", FAR_MS));
      parking.news("a");
      expect(await Promise.all(others)).not.toContain(false);
    });

    it("hear nothing when there is no place for them, or when they have left before", async () => {
      const parking = new Parking();
      const gone = wait(parking, FAR_MS, AbortSignal.abort());
      expect([await gone.call, gone.told()]).toEqual([true, 0]);
      for (let count = 0; count < MAX_PARKED_PER_KEY; count += 1) parking.wait("a", FAR_MS);
      const late = wait(parking, FAR_MS);
      expect([await late.call, late.told()]).toEqual([false, 0]);
      parking.news("a");
    });
  });
});
