export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line may carry: numbers, flags and short words of ours, so never a prompt, an address or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/**
 * One structured line per event, as `wrangler tail` and Workers Logs read it; what is below `level` is left out.
 * @param analytics gets the same facts as data points, at whatever level.
 */
export function createLog(level: LogLevel, analytics?: AnalyticsEngineDataset): Log {
  const least = LOG_LEVELS.indexOf(level);
  return (lineLevel, event, fields = {}) => {
    if (LOG_LEVELS.indexOf(lineLevel) >= least) console[lineLevel](JSON.stringify({ event, ...fields }));
    analytics?.writeDataPoint(dataPoint(event, fields));
  };
}

/** @returns a log whose every line carries `bound` too. */
export const withFields =
  (log: Log, bound: LogFields): Log =>
  (level, event, fields) =>
    log(level, event, { ...bound, ...fields });

/** The columns of a data point, in their order: the README names them. */
export const DATA_POINT_BLOBS = ["event", "tool", "path", "outcome", "trace_id"] as const;
export const DATA_POINT_DOUBLES = ["duration_ms", "status", "tasks"] as const;

const dataPoint = (event: string, fields: LogFields): AnalyticsEngineDataPoint => {
  const all: LogFields = { ...fields, event };
  return {
    // Sampling is by index, so that one busy account does not hide the others.
    indexes: [String(all.account ?? "")],
    blobs: DATA_POINT_BLOBS.map((name) => String(all[name] ?? "")),
    doubles: DATA_POINT_DOUBLES.map((name) => (typeof all[name] === "number" ? all[name] : 0)),
  };
};

/** What an error from outside may say in a log: its name. Its message may carry a token, an address or a prompt. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
