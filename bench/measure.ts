/** @returns the value below which the fraction `p` of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
  if (value === undefined) throw new Error("no samples");
  return value;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/** How a thing compares with its reference, in the same run. */
export interface Comparison {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly referenceP50Ms: number;
  /** The median, over the rounds, of the ratio of a round's two medians. */
  readonly ratio: number;
  /** The same of their differences. */
  readonly differenceMs: number;
}

/** After these, the engine has compiled what is hot: a server that has just started is several times slower. */
const WARM_UP_CALLS = 1000;

export interface Rounds {
  readonly rounds: number;
  /** Calls of each side in a round. */
  readonly callsPerRound: number;
  /** Before the first round, of each side; `WARM_UP_CALLS` when left out. */
  readonly warmUpCalls?: number;
}

/**
 * Times `subject` against `reference`, in short alternating rounds: the machine is shared, and what slows one side
 * slows the other in the same tenth of a second. Which of them goes first alternates too.
 */
export async function compare(
  reference: () => Promise<unknown>,
  subject: () => Promise<unknown>,
  { rounds, callsPerRound, warmUpCalls = WARM_UP_CALLS }: Rounds,
): Promise<Comparison> {
  await timesOf(reference, warmUpCalls);
  await timesOf(subject, warmUpCalls);
  const all = { reference: [] as number[], subject: [] as number[] };
  const ratios: number[] = [];
  const differencesMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const isSwapped = round % 2 === 1;
    const first = await timesOf(isSwapped ? subject : reference, callsPerRound);
    const second = await timesOf(isSwapped ? reference : subject, callsPerRound);
    const [referenceMs, subjectMs] = isSwapped ? [second, first] : [first, second];
    all.reference.push(...referenceMs);
    all.subject.push(...subjectMs);
    ratios.push(median(subjectMs) / median(referenceMs));
    differencesMs.push(median(subjectMs) - median(referenceMs));
  }
  return {
    p50Ms: median(all.subject),
    p95Ms: percentile(all.subject, 0.95),
    referenceP50Ms: median(all.reference),
    ratio: median(ratios),
    differenceMs: median(differencesMs),
  };
}

async function timesOf(call: () => Promise<unknown>, calls: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const startMs = performance.now();
    await call();
    timesMs.push(performance.now() - startMs);
  }
  return timesMs;
}

/** Calls in a loop from every lane of `calls` at once. @returns calls per second. */
export async function throughput(
  calls: readonly (() => Promise<unknown>)[],
  durationMs: number,
): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  await Promise.all(
    calls.map(async (call) => {
      while (performance.now() - startMs < durationMs) {
        await call();
        done += 1;
      }
    }),
  );
  return (done / (performance.now() - startMs)) * 1000;
}

/** @returns the most times that lie in any half-open window of `windowMs`, wherever it begins. */
export function mostInAnyWindow(timesMs: readonly number[], windowMs: number): number {
  return Math.max(
    0,
    ...timesMs.map((from) => timesMs.filter((at) => at >= from && at < from + windowMs).length),
  );
}
