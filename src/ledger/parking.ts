import { PROGRESS_INTERVAL_MS } from "./schedule.ts";

/** How many calls may wait for one thing, and for all things of an account together. */
export const MAX_PARKED_PER_KEY = 16;
export const MAX_PARKED = 64;

export interface Wait {
  /** Says that the caller left. */
  signal?: AbortSignal | undefined;
  /** Called at every look at what is waited for, and whenever nothing happened for a while. */
  onProgress?: (() => void) | undefined;
}

interface Parked {
  leave(): void;
  onProgress: Wait["onProgress"];
}

/**
 * Calls that wait for news, on promises that the news or their deadline settles. Nothing sleeps: a waiting call
 * is an entry in a map. Kept in memory only, since the calls themselves die with the object.
 */
export class Parking {
  readonly #waiting = new Map<string, Set<Parked>>();
  #count = 0;

  /**
   * Waits until there is news of `key`, at most `waitMs`, or until the caller leaves.
   * @returns false at once when there is no room; the caller then answers with what it has.
   */
  wait(key: string, waitMs: number, { signal, onProgress }: Wait = {}): Promise<boolean> {
    const parked = this.#waiting.get(key) ?? new Set();
    if (parked.size >= MAX_PARKED_PER_KEY || this.#count >= MAX_PARKED) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let timer: ReturnType<typeof setTimeout>;
    const leave = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", leave);
      if (!parked.delete(entry)) return;
      this.#count -= 1;
      if (parked.size === 0) this.#waiting.delete(key);
      resolve(true);
    };
    const waitOn = (leftMs: number) => {
      const stepMs = onProgress === undefined ? leftMs : Math.min(leftMs, PROGRESS_INTERVAL_MS);
      timer = setTimeout(() => {
        if (stepMs === leftMs) return leave();
        onProgress?.();
        waitOn(leftMs - stepMs);
      }, stepMs);
    };
    const entry: Parked = { leave, onProgress };
    waitOn(waitMs);
    signal?.addEventListener("abort", leave);
    parked.add(entry);
    this.#waiting.set(key, parked);
    this.#count += 1;
    if (signal?.aborted) leave();
    else onProgress?.();
    return promise;
  }

  /** Lets everybody go who waits for `key`. */
  news(key: string): void {
    for (const { leave } of this.#waiting.get(key) ?? []) leave();
  }

  /** Tells everybody who waits for `key` that it was looked at, and that there is no news. */
  looked(key: string): void {
    for (const { onProgress } of this.#waiting.get(key) ?? []) onProgress?.();
  }
}
