const startedAtMs = Date.now();

/** A time as minutes and seconds. */
export const clockOf = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

/** @returns how long all of it has run. */
export const elapsedMs = (): number => Date.now() - startedAtMs;

/** Tells whoever waits how far it is; the report alone goes to the standard output. */
export const say = (text: string): void => console.error(`${clockOf(elapsedMs())} ${text}`);
