import { describe, expect, it } from "vitest";
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
});
