export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line may carry: numbers, flags and short words of ours, so never a prompt, an address or a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/** One structured line per event, as `wrangler tail` and Workers Logs read it; what is below `level` is left out. */
export function createLog(level: LogLevel): Log {
  const least = LOG_LEVELS.indexOf(level);
  return (lineLevel, event, fields) => {
    if (LOG_LEVELS.indexOf(lineLevel) >= least) console[lineLevel](JSON.stringify({ event, ...fields }));
  };
}

/** What an error from outside may say in a log: its name. Its message may carry a token, an address or a prompt. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
