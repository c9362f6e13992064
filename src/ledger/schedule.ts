/**
 * When the upstream is asked about a task: one table, and pure functions of times. All times are epoch
 * milliseconds; `now` is always passed in.
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Whether the upstream is expected to ring when a task is over: then it need not be asked that often. */
export type Pace = "usual" | "stretched";

/**
 * A young task is looked at often, an old one seldom: most videos are done within three minutes. Past the last
 * age the watch gives up: the task is `unknown` until somebody asks for it.
 */
export const LOOK_INTERVALS = {
  usual: [
    { untilAgeMs: 3 * MINUTE_MS, everyMs: 10 * SECOND_MS },
    { untilAgeMs: 10 * MINUTE_MS, everyMs: 20 * SECOND_MS },
    { untilAgeMs: HOUR_MS, everyMs: MINUTE_MS },
    { untilAgeMs: 24 * HOUR_MS, everyMs: 10 * MINUTE_MS },
  ],
  stretched: [
    { untilAgeMs: 10 * MINUTE_MS, everyMs: 2 * MINUTE_MS },
    { untilAgeMs: HOUR_MS, everyMs: 5 * MINUTE_MS },
    { untilAgeMs: 24 * HOUR_MS, everyMs: 10 * MINUTE_MS },
  ],
} as const;

/** No video was ever seen done before 15 s; where a ring is expected, a look before it would mostly be for nothing. */
export const FIRST_LOOK_MS = { usual: 15 * SECOND_MS, stretched: 2 * MINUTE_MS } as const;

/** The upstream may ring before its own record says so: looks after the first ring of a task, from that ring on. */
const RING_ECHOES_MS = [2 * SECOND_MS, 5 * SECOND_MS, 10 * SECOND_MS] as const;
/** Rings count at most this often for one task, whoever sends how many. */
export const RING_INTERVAL_MS = 15 * SECOND_MS;
/** A ring that came through speaks for the next ones for this long. */
export const RING_TRUST_MS = 24 * HOUR_MS;
/** A ring so far from the end of its task helps nobody, and none by then says that rings do not come through. */
export const MISSED_RING_MS = 30 * SECOND_MS;
/** Due times are rounded up to this, so that tasks submitted at different moments share a batch. */
export const GRID_MS = 5 * SECOND_MS;

/** How long a client is asked to wait between polls, and what a poll may cost the upstream at most. */
export const POLLING_INTERVAL_MS = 15 * SECOND_MS;
/** How long a hasty poll is held back when nothing happens. */
export const HASTY_PARK_MS = 25 * SECOND_MS;
/** The longest wait a caller may ask for: most clients give up on a call after 60 s. */
export const MAX_WAIT_MS = 50 * SECOND_MS;
/** How long a call waits for the look that it made due: two watch requests of 10 s, and some air. */
export const LOOKUP_WAIT_MS = 22 * SECOND_MS;
/** An id that the upstream did not know is not asked for again within this time. */
export const DENIED_LOOKUP_MS = MINUTE_MS;
/** A page of the upstream's history is answered from memory for this long. */
export const HISTORY_PAGE_MS = 15 * SECOND_MS;
/** Links of finished videos expire; one last seen before this is asked for again when somebody queries it. */
export const STALE_LINK_MS = 6 * HOUR_MS;
/** …but at most this often. */
export const REFRESH_INTERVAL_MS = HOUR_MS;

const ceilToGrid = (ms: number) => Math.ceil(ms / GRID_MS) * GRID_MS;
const floorToGrid = (ms: number) => Math.floor(ms / GRID_MS) * GRID_MS;

/** How long a parked call that wants progress goes without any, at most. */
export const PROGRESS_INTERVAL_MS = 10 * SECOND_MS;

/** @returns when a task submitted at `createdAtMs` is looked at first. */
export const firstLookAtMs = (createdAtMs: number, pace: Pace): number =>
  ceilToGrid(createdAtMs + FIRST_LOOK_MS[pace]);

/**
 * @returns when to look again at a task that was still pending at `nowMs`, or null when the watch gives up.
 * Counted from the slot of the grid, not from the moment: a look that is 40 ms late must not lose a whole slot.
 */
export function nextLookAtMs(createdAtMs: number, nowMs: number, pace: Pace): number | null {
  // By another clock it may have been made in the future: then it was made just now.
  const madeAtMs = Math.min(createdAtMs, nowMs);
  const phase = LOOK_INTERVALS[pace].find(({ untilAgeMs }) => nowMs - madeAtMs < untilAgeMs);
  if (phase === undefined) return null;
  return Math.max(ceilToGrid(floorToGrid(nowMs) + phase.everyMs), firstLookAtMs(madeAtMs, pace));
}

/** @returns when to look again after a ring at `rangAtMs` that the upstream's record did not bear out yet. */
export const echoAtMs = (rangAtMs: number, nowMs: number): number | null =>
  RING_ECHOES_MS.map((afterMs) => rangAtMs + afterMs).find((ms) => ms > nowMs) ?? null;

/** When a lost submission is looked for, counted from when it was lost; then every `RECONCILE_EVERY_MS`, for a day. */
const RECONCILE_AFTER_MS = [5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS] as const;
const RECONCILE_EVERY_MS = 10 * MINUTE_MS;
const RECONCILE_UNTIL_MS = 24 * HOUR_MS;
/** A search that the upstream has never answered ends too: until then, what is lost takes a place among those in flight. */
export const RECONCILE_FAILING_UNTIL_MS = 7 * 24 * HOUR_MS;
/** The upstream's list may lag: only what is missing at two looks this far apart was never there. */
export const ABSENCE_MS = 10 * MINUTE_MS;
/** How far from our own time of a submission the upstream's may be. */
export const CLOCKS_DIFFER_MS = 2 * HOUR_MS;

/**
 * @returns when to look again for a submission that was lost at `lostAtMs`, or null when the search is given up.
 * @param absentAtMs when it was first missing: the look that settles that is made as soon as it may.
 */
export function nextReconcileAtMs(lostAtMs: number, nowMs: number, absentAtMs: number | null): number | null {
  const elapsedMs = nowMs - lostAtMs;
  const settlesMs = absentAtMs === null || absentAtMs + ABSENCE_MS <= nowMs ? null : absentAtMs + ABSENCE_MS;
  // The upstream may have been down all day: what was missing at the first look since then gets its second one.
  if (elapsedMs >= RECONCILE_UNTIL_MS) return settlesMs;
  const early = RECONCILE_AFTER_MS.find((afterMs) => afterMs > elapsedMs);
  const regularMs = early === undefined ? nowMs + RECONCILE_EVERY_MS : lostAtMs + early;
  return Math.min(regularMs, settlesMs ?? regularMs);
}

const BACKOFF_FIRST_MS = 5 * SECOND_MS;
const BACKOFF_MOST_MS = 5 * MINUTE_MS;
const JITTER = 0.2;

/**
 * @returns when to search again for a submission that was lost at `lostAtMs`, after a search that failed: as long as it
 * has been going on. The account's own back-off does not see to that, since it ends with any request that works.
 */
export const searchRetryAtMs = (lostAtMs: number, nowMs: number): number =>
  nowMs + Math.min(Math.max(nowMs - lostAtMs, BACKOFF_FIRST_MS), BACKOFF_MOST_MS);

/**
 * How long the watch leaves the upstream alone after `failures` failed requests in a row (1 or more).
 * @param random from 0 to 1: spreads the accounts of a deployment, which all met the same trouble.
 * @param retryAfterSeconds what the upstream asked for, if it did: never sooner than that, but later when it goes on
 * asking for a moment only.
 */
export function backoffMs(failures: number, random: number, retryAfterSeconds?: number): number {
  const doubled = Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MOST_MS);
  return Math.max(Math.round(doubled * (1 - JITTER * random)), (retryAfterSeconds ?? 0) * SECOND_MS);
}
