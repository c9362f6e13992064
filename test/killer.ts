import { evictAllDurableObjects } from "cloudflare:test";

/** In real time: when to see whether an object that does not answer has to die. */
const FROZEN_MS = 5;
/** In real time: an object in which a call waits is in use, and stays in memory until that is over. */
const IN_USE_MS = 500;

/** What ends objects in the middle of what they do, whatever the test is doing meanwhile. */
export interface Killer {
  /** How they have to die now, until `struck`: at once, or as soon as they have finished what they do. */
  due(): "abort" | "evict" | undefined;
  /** They are dead, and may live again. */
  struck(): void;
}

/** Carries out what a killer wants, while a test runs something in the objects. */
export class Deaths {
  readonly #killer: Killer | undefined;
  readonly #crash: () => Promise<void>;
  #soFar = 0;
  #dying: Promise<void> | undefined;
  #beat: Promise<void> | undefined;

  /** @param crash ends all objects at once. */
  constructor(killer: Killer | undefined, crash: () => Promise<void>) {
    this.#killer = killer;
    this.#crash = crash;
  }

  /** How often the objects have died. */
  get soFar(): number {
    return this.#soFar;
  }

  /** Waits for the objects that are dying. */
  async over(): Promise<void> {
    await this.#dying;
  }

  /** Runs something in an object; when the objects have to die meanwhile, again in the one that follows. */
  async outlive<T>(run: () => Promise<T>): Promise<T> {
    await this.#dying;
    const before = this.#soFar;
    const ran = run();
    if (this.#killer === undefined) return ran;
    const over = ran.then(
      () => true,
      () => true,
    );
    // Asked for, not told: what an object sets off runs in the object, and that cannot end itself.
    for (let isOver = false; !isOver; ) {
      isOver = await Promise.race([over, this.#heartbeat().then(() => false)]);
      const how = this.#killer.due();
      if (how !== undefined && this.#soFar === before) this.#dying ??= this.#die(how);
      await this.#dying;
      if (this.#soFar > before) return this.outlive(run);
    }
    return ran;
  }

  async #die(how: "abort" | "evict"): Promise<void> {
    const evicted = () =>
      Promise.race([evictAllDurableObjects().catch(() => undefined), scheduler.wait(IN_USE_MS)]);
    await (how === "evict" ? evicted() : this.#crash());
    this.#soFar += 1;
    this.#dying = undefined;
    this.#killer?.struck();
  }

  /** One for all who wait: the runtime allows so many timers. */
  #heartbeat(): Promise<void> {
    this.#beat ??= scheduler.wait(FROZEN_MS).then(() => {
      this.#beat = undefined;
    });
    return this.#beat;
  }
}
