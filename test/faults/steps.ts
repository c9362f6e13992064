import type { Killer } from "../world.ts";

/** An object that dies at a step is thrown out of memory: in the middle of whatever it does, or after that. */
export type Death = "abort" | "evict";

/** The code that runs in the Worker: it outlives the object, and goes on when the object is gone. */
const IN_WORKER = /^src\/(http\/|mcp\/listen\.ts)/;

/** A dead object's code never goes on. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

/**
 * Counts the steps of a run, and ends the objects at some of them. A step is the end of an `await` (or, for a request
 * to somebody else, its beginning): what was awaited is over, and the code behind it has not run.
 */
export class Steps implements Killer {
  /** Every step of the run so far. */
  readonly taken: Step[] = [];
  /** At which of them the objects died. */
  readonly deaths: string[] = [];
  readonly #killAt: number[];
  readonly #death: Death;
  #revived = Promise.withResolvers<void>();
  #isDue = false;

  /** @param killAt the steps at which the objects die, in ascending order, from 1 on. */
  constructor(killAt: readonly number[] = [], death: Death = "abort") {
    this.#killAt = [...killAt];
    this.#death = death;
  }

  get how(): Death {
    return this.#death;
  }

  isDue = (): boolean => this.#isDue;

  struck(): void {
    this.#isDue = false;
    this.#revived.resolve();
    this.#revived = Promise.withResolvers();
  }

  /** Takes a step: returns at once, later, or never. */
  async take(site: string): Promise<void> {
    if (!this.#isDue) {
      this.taken.push({ site, after: events, atMs: Date.now() });
      if (this.taken.length !== this.#killAt[0]) return;
      this.#killAt.shift();
      this.deaths.push(site);
      this.#isDue = true;
    }
    // An object in use is not evicted: what runs is finished first.
    if (this.#death === "evict") return;
    return IN_WORKER.test(site) ? this.#revived.promise : never();
  }
}

/** One step: where it is, and what had happened by then that a death cannot undo. */
export interface Step {
  site: string;
  /** How many things had happened that outlive the object, or that somebody outside noticed. */
  after: number;
  /** The world's time. */
  atMs: number;
}

let events = 0;
/** Notes that something happened that the death of an object does not undo: a row, an alarm, a request, an answer. */
export function happens(): void {
  events += 1;
}

let current: Steps | undefined;

/** From here on the steps of the objects are those of a run; of none, without one. */
export function follow(steps: Steps | undefined): void {
  current = steps;
}

/** A step of its own, for what is no `await` of the source. */
export const step = (site: string): Promise<void> => current?.take(site) ?? Promise.resolve();

declare global {
  /** What `steps-plugin.ts` puts around whatever is awaited. */
  var stepped: <T>(site: string, awaited: T) => Promise<Awaited<T>>;
  /** The same for what a `for await` goes through. */
  var steppedEach: <T>(site: string, items: AsyncIterable<T>) => AsyncIterable<T>;
}

globalThis.stepped = async (site, awaited) => {
  try {
    return await awaited;
  } finally {
    await step(site);
  }
};

globalThis.steppedEach = async function* (site, items) {
  for await (const item of items) {
    await step(site);
    yield item;
  }
};
