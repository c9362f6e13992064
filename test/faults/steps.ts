import type { Killer } from "../killer.ts";

/** Objects that die are thrown out of memory: in the middle of whatever they do, or when that is finished. */
export type Death = "abort" | "evict";

/** A death, at a step of a run; the first step is 1. */
export interface Kill {
  at: number;
  how: Death;
}

/** @returns whether a step is in the code of the Worker, which outlives the object and goes on when that is gone. */
export const isInWorker = (site: string): boolean => /^src\/(http\/|mcp\/listen\.ts)/.test(site);

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
  readonly #kills: Kill[];
  #dying: Kill | undefined;
  #revived = Promise.withResolvers<void>();

  /** @param kills in the order of their steps. */
  constructor(kills: readonly Kill[] = []) {
    this.#kills = [...kills];
  }

  due(): Death | undefined {
    return this.#dying?.how;
  }

  struck(): void {
    this.#dying = undefined;
    this.#revived.resolve();
    this.#revived = Promise.withResolvers();
  }

  /** Takes a step: returns at once, later, or never. */
  async take(site: string): Promise<void> {
    if (this.#dying === undefined) {
      this.taken.push({ site, after: events, atMs: Date.now() });
      if (this.taken.length !== this.#kills[0]?.at) return;
      this.#dying = this.#kills.shift();
      this.deaths.push(site);
    }
    // An object in use is not evicted: what runs is finished first.
    if (this.#dying?.how === "evict") return;
    return isInWorker(site) ? this.#revived.promise : never();
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
/** Notes that something happened that the death of an object does not undo: a row, an alarm, a request, a message. */
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
  var stepped: <T>(site: string, awaited: PromiseLike<T> | T) => Promise<T>;
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
