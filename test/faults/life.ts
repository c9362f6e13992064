import { vi } from "vitest";
import { createWorld, type World } from "../world.ts";
import { type Deployment, TOO_DEAR } from "./deployments.ts";
import { Person } from "./person.ts";
import { follow, happens, type Steps, step } from "./steps.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GENERATION_MS = 20 * SECOND;

/** Where a life stands when it is looked at. */
export type Moment = "the day ends" | "everything has ended" | "nobody was there" | "everybody is back";

export interface Life {
  deployment: Deployment;
  world: World;
  people: readonly Person[];
  /** What was ordered from then on is still kept, and nothing else once something is ordered again. */
  keptSinceMs: number;
  /** What the log says of errors. */
  errors: readonly string[];
}

/**
 * What a deployment goes through: videos of every fate, ordered in both generations of the protocol, watched, rung for,
 * lost and searched for, settled, and forgotten.
 * @param look looks at what became of it, while nothing runs and nothing dies.
 */
export async function live(
  deployment: Deployment,
  steps: Steps,
  look: (life: Life, moment: Moment) => Promise<void>,
): Promise<void> {
  const { variables, callers } = deployment;
  const world = createWorld({
    generationMs: GENERATION_MS,
    settings: { listLagMs: deployment.listLagMs },
    deployment: variables,
    accounts: callers.map(({ account }) => account),
    killer: steps,
  });
  const upstream = globalThis.fetch;
  vi.stubGlobal("fetch", async (...asked: Parameters<typeof fetch>) => {
    await step("upstream is asked");
    happens();
    return upstream(...asked);
  });
  const errors: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void errors.push(String(line)));
  const people = callers.map((caller) => new Person(world, caller));
  const [ada = new Person(world, callers[0]), bob] = people;
  const life: Life = { deployment, world, people, errors, keptSinceMs: 0 };
  const lookNow = async (moment: Moment) => {
    follow(undefined);
    await look(life, moment);
    follow(steps);
  };
  const pass = async (ms: number) => {
    await world.advance(ms);
    happens();
    await world.until(world.simulator.deliverCallbacks(world.fetch));
    happens();
    for (const person of people) await person.keepUp();
  };
  try {
    follow(steps);
    await ada.keepUp();
    await ada.order("modern", "a heron", "first");
    await Promise.all([ada.order("modern", "twins"), ada.order("modern", "twins")]);
    await ada.order("modern", "[lost-response] an owl", "second");
    await ada.ask("legacy", "veo_get_tasks_batch");
    await ada.order("modern", "[drop] a gull");
    await ada.order("legacy", "[reject] a crow");
    await ada.order("modern", "[fail] a dodo", "last");
    await ada.order("modern", "a swan beyond all limits", undefined, TOO_DEAR);
    await bob?.order("modern", "an owl");
    await bob?.order("legacy", "[lost-response] an owl");
    for (const person of people) await person.followAll();
    await ada.ask("modern", "veo_get_task", { task_id: [...ada.followed][0], wait_seconds: 20 });
    await pass(10 * SECOND);
    await pass(20 * SECOND);
    await pass(3 * MINUTE);
    await ada.order("modern", "a heron", "first");
    await ada.order("modern", "[lost-response] an owl", "second");
    await pass(15 * MINUTE);
    await lookNow("the day ends");
    // A search for what cannot be told apart takes a day: the looks in between are all the same.
    world.skip(25 * HOUR);
    await pass(11 * MINUTE);
    await lookNow("everything has ended");
    // What was ordered before everybody left is still open when the next order forgets what is old. It is old too, and
    // forgotten as soon as it has ended.
    for (const person of people) {
      await person.order("modern", `an ibis for ${person.caller.account}`);
      await person.followAll();
    }
    world.skip(91 * DAY);
    life.keptSinceMs = Date.now();
    // From here on nobody asks for anything, and nothing rings: the objects have nothing but their alarms.
    for (const bird of ["a stork", "an emu"]) {
      for (const person of people) await person.order("modern", `${bird} for ${person.caller.account}`);
      await world.advance(16 * MINUTE);
    }
    world.skip(25 * HOUR);
    await world.advance(11 * MINUTE);
    // What was searched for until now is kept for a day more, and forgotten within another.
    world.skip(3 * DAY);
    await world.advance(MINUTE);
    await lookNow("nobody was there");
    for (const person of people) {
      await person.comeBack();
      await person.followAll();
    }
    await pass(SECOND);
    await lookNow("everybody is back");
  } finally {
    follow(undefined);
    for (const person of people) await person.leave();
    await world.settle().finally(() => world.end());
  }
}
