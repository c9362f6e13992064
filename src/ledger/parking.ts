/** How many calls may wait for one thing, and for all things of an account together (tool-surface.md). */
export const MAX_PARKED_PER_KEY = 16;
export const MAX_PARKED = 64;

/**
 * Calls that wait for news, on promises that the news or their deadline settles. Nothing sleeps: a waiting call
 * is an entry in a map. Kept in memory only, since the calls themselves die with the object.
 */
export class Parking {
  readonly #waiting = new Map<string, Set<() => void>>();
  #count = 0;

  /**
   * Waits until there is news of `key`, at most `waitMs`, or until `signal` says that the caller left.
   * @returns false at once when there is no room; the caller then answers with what it has.
   */
  wait(key: string, waitMs: number, signal?: AbortSignal): Promise<boolean> {
    const parked = this.#waiting.get(key) ?? new Set();
    if (parked.size >= MAX_PARKED_PER_KEY || this.#count >= MAX_PARKED) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const leave = () => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", leave);
      if (!parked.delete(leave)) return;
      this.#count -= 1;
      if (parked.size === 0) this.#waiting.delete(key);
      resolve(true);
    };
    const deadline = setTimeout(leave, waitMs);
    signal?.addEventListener("abort", leave);
    parked.add(leave);
    this.#waiting.set(key, parked);
    this.#count += 1;
    if (signal?.aborted) leave();
    return promise;
  }

  /** Lets everybody go who waits for `key`. */
  news(key: string): void {
    for (const leave of this.#waiting.get(key) ?? []) leave();
  }
}
