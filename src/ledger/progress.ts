import { TYPICAL_SECONDS } from "../veo/capabilities.ts";

/** How far a task is, as far as anybody can tell: the upstream says nothing before the end. */
export interface Progress {
  /** Seconds since the submission. */
  progress: number;
  /** Seconds that it is expected to take. */
  total: number;
  message: string;
}

/** While the end is not there, at most this share of the whole is shown. */
const MOST_SHOWN = 0.9;

/**
 * @returns the time that passed against the time that most videos take. Past that, the whole grows with it, so that
 * a share never goes back, and never says that it is over before it is.
 */
export function progressAfter(elapsedMs: number): Progress {
  const progress = Math.max(0, elapsedMs) / 1000;
  const total = Math.max(TYPICAL_SECONDS.max, progress / MOST_SHOWN);
  const { min, max } = TYPICAL_SECONDS;
  const message = `Making the video: ${Math.floor(progress)} s so far; most take ${min} to ${max} s.`;
  return { progress, total, message };
}
