import { describe, expect, inject, it } from "vitest";
import { createIdSource } from "../simulator/ids.ts";
import type { Deployment } from "./deployments.ts";
import { contradictions } from "./invariants.ts";
import { live } from "./life.ts";
import { type Death, isInWorker, type Kill, type Step, Steps } from "./steps.ts";

/** In the short version. */
const A_FEW = { deaths: 5, evictions: 1, pairs: 2 };
const PAIRS = 50;

interface Outcome {
  steps: readonly Step[];
  /** What went wrong, and after which deaths. */
  problems: string[];
}

/** Lives through everything with some deaths in it. */
async function liveWith(deployment: Deployment, kills: readonly Kill[] = []): Promise<Outcome> {
  const steps = new Steps(kills);
  const problems: string[] = [];
  const after = () =>
    kills.map(({ at, how }, i) => `${how} at step ${at} (${steps.deaths[i] ?? "not reached"})`).join(", ");
  try {
    await live(deployment, steps, async (life, moment) => {
      const found = await contradictions(life, moment);
      problems.push(...found.map((contradiction) => `${after()}: when ${moment}, ${contradiction}`));
    });
  } catch (error) {
    problems.push(`${after()}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (kills.length > 0 && steps.deaths.length === 0) problems.push(`${after()}: nothing died`);
  return { steps: steps.taken, problems };
}

/**
 * The steps that are worth a death: of those between which nothing happened that a death does not undo, the first. The
 * others would be the very same death. Where a request has come into the object, or its answer out of it, something
 * has happened too: the death then breaks that request, or no more.
 */
const states = (steps: readonly Step[]): number[] =>
  steps.flatMap(({ site, after, atMs }, i) => {
    const before = steps[i - 1];
    const isSame = before?.after === after && before.atMs === atMs;
    return isSame && isInWorker(before.site) === isInWorker(site) ? [] : [i + 1];
  });

/** One step of each place in the code, so that the few of the short version are not all in its most frequent ones. */
const oneOfEachPlace = (at: readonly number[], steps: readonly Step[], random: () => number): number[] =>
  [...Map.groupBy(at, (step) => steps[step - 1]?.site).values()].flatMap((same) => someOf(same, 1, random));

/** The steps at which an object has finished something: whenever it is to be evicted, it is evicted at one of them. */
const pauses = (steps: readonly Step[]): number[] =>
  states(steps).filter((at) => /^src\/(http|agent\/watch)/.test(steps[at - 1]?.site ?? ""));

/** @returns numbers from 0 to 1 that depend on the seed and the deployment only. */
function randomFrom(seed: number, { name }: Deployment): () => number {
  const ids = createIdSource(seed + [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0));
  return () => Number.parseInt(ids.uuid().slice(0, 8), 16) / 2 ** 32;
}

/** @returns some of the items, spread over all of them. */
function someOf<T>(items: readonly T[], count: number, random: () => number): T[] {
  const share = items.length / count;
  return Array.from({ length: count }, (_, i) => items[Math.floor((i + random()) * share)]).filter(
    (item) => item !== undefined,
  );
}

/** Two deaths; often the second one comes in the middle of what the first one set off. */
function pairsOf(steps: number, count: number, random: () => number): Kill[][] {
  const how = (): Death => (random() < 0.75 ? "abort" : "evict");
  return Array.from({ length: count }, () => {
    const at = 1 + Math.floor(random() * steps);
    const gap = random() < 0.5 ? random() * 30 : random() * (steps - at);
    return [
      { at, how: how() },
      { at: at + 1 + Math.floor(gap), how: how() },
    ];
  });
}

/** Tests that a deployment loses nothing, and pays for nothing twice, wherever its objects die. */
export function breakEverywhere(deployment: Deployment): void {
  describe(deployment.name, () => {
    const { isWhole, seed } = inject("plan");
    const random = randomFrom(seed, deployment);
    const say = (what: string, count: number, startedAtMs: number) =>
      console.log(
        `${deployment.name}: ${count} ${what}, ${Math.round((performance.now() - startedAtMs) / 1000)} s`,
      );
    const liveWithEach = async (what: string, deaths: readonly Kill[][]) => {
      const startedAtMs = performance.now();
      const problems: string[] = [];
      for (const kills of deaths) {
        const found = (await liveWith(deployment, kills)).problems;
        // At once, since the whole of it takes a while.
        for (const problem of found) console.log(`${deployment.name}: ${problem}`);
        problems.push(...found);
      }
      say(what, deaths.length, startedAtMs);
      expect(problems).toEqual([]);
    };
    let steps: readonly Step[] = [];

    it("keeps its books when nobody dies", async () => {
      const outcome = await liveWith(deployment);
      steps = outcome.steps;
      console.log(
        `${deployment.name}: ${steps.length} steps, ${states(steps).length} states; FAULTS_SEED=${seed}`,
      );
      expect(outcome.problems).toEqual([]);
    });

    it("keeps them wherever the objects are cut off", async () => {
      const all = states(steps);
      const at = isWhole ? all : someOf(oneOfEachPlace(all, steps, random), A_FEW.deaths, random);
      expect(at).not.toEqual([]);
      await liveWithEach(
        "deaths",
        at.map((step) => [{ at: step, how: "abort" }]),
      );
    });

    it("keeps them whenever the objects are evicted", async () => {
      const at = isWhole ? pauses(steps) : someOf(pauses(steps), A_FEW.evictions, random);
      expect(at).not.toEqual([]);
      await liveWithEach(
        "evictions",
        at.map((step) => [{ at: step, how: "evict" }]),
      );
    });

    it("keeps them when the objects die twice", async () => {
      await liveWithEach("pairs", pairsOf(steps.length, isWhole ? PAIRS : A_FEW.pairs, random));
    });
  });
}
