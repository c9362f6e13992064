/** Rounds of an account start on a grid of 5 s, and their requests follow one another. */
const BETWEEN_ROUNDS_MS = 2000;

/** Requests to the upstream that one alarm made, one after the other. */
export interface Round {
  /** Epoch milliseconds, of its first and of its last request. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
}

/** @param timesMs of an account's requests, in their order. */
export function roundsOf(timesMs: readonly number[]): Round[] {
  const rounds: Round[] = [];
  for (const atMs of timesMs) {
    const last = rounds.at(-1);
    if (last === undefined || atMs - last.toMs > BETWEEN_ROUNDS_MS)
      rounds.push({ fromMs: atMs, toMs: atMs, requests: 1 });
    else rounds.splice(-1, 1, { ...last, toMs: atMs, requests: last.requests + 1 });
  }
  return rounds;
}
