/** Where task, trace and video ids come from. */
export interface IdSource {
  /** A new UUID; the other format of the upstream is the same without dashes. */
  uuid(): string;
}

/**
 * Ids are random unless a seed is given: a simulator that restarted must not hand out the ids of its
 * former life, which a ledger may still hold. With a seed they repeat, for tests that print them.
 */
export function createIdSource(seed?: number): IdSource {
  if (seed === undefined) return { uuid: () => crypto.randomUUID() };
  const next = mulberry32(seed);
  return {
    uuid() {
      const hex = [next(), next(), next(), next()].map((word) => word.toString(16).padStart(8, "0")).join("");
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        `8${hex.slice(17, 20)}`,
        hex.slice(20),
      ].join("-");
    },
  };
}

/** A small generator with a 32-bit state: repeatable everywhere, and good enough for ids. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
