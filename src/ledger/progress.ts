import { TYPICAL_SECONDS } from "../veo/capabilities.ts";

/** How far a task is, as far as anybody can tell: the upstream says nothing before the end. */
export interface Progress {
  /** Seconds since the submission. */
  progress: number;
  /** Seconds that it is expected to take. */
  total: number;
  message: string;
}

/** While the end is not there, at least this much is shown to be left. */
const LEAST_LEFT_SECONDS = TYPICAL_SECONDS.max / 10;

/**
 * @returns the time that passed against the time that most videos take. Past that, the whole grows with it, so that
 * the share goes on growing, more and more slowly, and never says that it is over before it is.
 */
export function progressAfter(elapsedMs: number): Progress {
  const progress = Math.max(0, elapsedMs) / 1000;
  const { min, max } = TYPICAL_SECONDS;
  const isLate = progress > max;
  const most = isLate
    ? `that is longer than most take (${min} to ${max} s).`
    : `most take ${min} to ${max} s.`;
  return {
    progress,
    total: Math.max(max, progress + LEAST_LEFT_SECONDS),
    message: `Making the video: ${Math.floor(progress)} s so far; ${most}`,
  };
}
