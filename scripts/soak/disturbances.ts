import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { Server } from "../../test/e2e/server.ts";
import { say } from "./time.ts";

const KILLS = 3;
const FORGED_EVERY_MS = 1500;

/** @returns when the server is killed, in milliseconds from the start: once in each third, whenever it may be. */
export function planKills(seed: number, loadMs: number): number[] {
  const moments = fc.sample(fc.noBias(fc.integer({ min: 100, max: 900 })), { seed, numRuns: KILLS });
  return moments.map((moment, index) => ((index + moment / 1000) / KILLS) * loadMs);
}

export interface Kill {
  /** From the start, in milliseconds. */
  readonly atMs: number;
  /** How many orders were being sent. */
  readonly underWay: number;
}

/** Kills the server at these moments, and starts it again on the same storage. */
export async function killAt(
  server: Server,
  momentsMs: readonly number[],
  countUnderWay: () => number,
): Promise<Kill[]> {
  const startedAtMs = Date.now();
  const kills: Kill[] = [];
  for (const momentMs of momentsMs) {
    await sleep(Math.max(0, startedAtMs + momentMs - Date.now()));
    const kill = { atMs: Date.now() - startedAtMs, underWay: countUnderWay() };
    kills.push(kill);
    say(`killed, with ${kill.underWay} orders under way`);
    await server.restart();
    say("back again");
  }
  return kills;
}

/** Somebody who has seen addresses at which the upstream rings, and rings there too; or makes addresses up. */
export async function ringFalsely(server: Server, untilMs: number): Promise<number> {
  let rings = 0;
  while (Date.now() < untilMs) {
    await sleep(FORGED_EVERY_MS);
    const seen = server.simulator.tasks.flatMap(({ callbackUrl }) => callbackUrl ?? []);
    const address = rings % 2 === 0 ? undefined : seen.findLast((url) => url.startsWith(server.url));
    const body = JSON.stringify({
      success: true,
      task_id: "forged",
      data: [{ video_url: "https://soak.invalid" }],
    });
    // Whether it is answered is not the point, and meanwhile the server may be down.
    await fetch(address ?? `${server.url}/callbacks/forged-${rings}`, { method: "POST", body }).then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
    rings += 1;
  }
  return rings;
}
