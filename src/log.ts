export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Every line there is, the levels it is written at, and what it may say beside its event and the account: numbers, ids and
 * short words, so never a prompt, an address or a secret. The README's table is made from this, and data points have the
 * same fields. What a stranger can cause, as often as they like, is at `info` at most.
 */
export const LOG_EVENTS = {
  tool_call: {
    levels: ["info", "error"],
    fields: [
      "tool",
      "outcome",
      "limit",
      "duration_ms",
      "submission_id",
      "trace_id",
      "status",
      "incident",
      "error",
    ],
  },
  upstream_request: {
    levels: ["info", "warn"],
    fields: ["path", "outcome", "status", "duration_ms", "trace_id"],
  },
  alarm_round: {
    levels: ["info", "error"],
    fields: ["outcome", "tasks", "lost", "status", "duration_ms", "error"],
  },
  lost_order: { levels: ["info", "warn"], fields: ["outcome", "submission_id", "duration_ms"] },
  callback: { levels: ["info"], fields: ["outcome", "duration_ms"] },
  refused: {
    levels: ["debug", "info"],
    fields: ["path", "status", "reason", "code", "category", "duration_ms"],
  },
  signed_in: { levels: ["info"], fields: ["mode"] },
  sign_in_declined: { levels: ["info"], fields: ["provider"] },
  sign_in_refused: { levels: ["warn"], fields: ["provider", "reason"] },
  sign_in_failed: { levels: ["error"], fields: ["provider", "error", "status", "code", "reason"] },
  identity_provider_unreachable: {
    levels: ["error"],
    fields: ["provider", "error", "status", "code", "reason"],
  },
  client_document_unreachable: { levels: ["warn"], fields: ["host", "status"] },
  health_check: { levels: ["debug"], fields: ["outcome", "duration_ms"] },
  not_configured: { levels: ["error"], fields: ["problems"] },
  budget_unreachable: { levels: ["error"], fields: ["error"] },
  request_crashed: { levels: ["error"], fields: ["path", "incident", "error", "duration_ms"] },
  announcement_failed: { levels: ["error"], fields: ["error"] },
  stream_not_opened: { levels: ["error"], fields: ["error"] },
  mcp_request_refused: { levels: ["debug"], fields: ["error"] },
} as const;
export type LogEvent = keyof typeof LOG_EVENTS;
type LogField = (typeof LOG_EVENTS)[LogEvent]["fields"][number] | "account";
type LogValue = string | number | undefined;
/** What the line of an event may carry. */
export type LogFieldsOf<E extends LogEvent> = {
  readonly [field in (typeof LOG_EVENTS)[E]["fields"][number] | "account"]?: LogValue;
};
/** Why a request is refused, in short words of ours or of the OAuth library. */
export type Refusal = Pick<LogFieldsOf<"refused">, "reason" | "code" | "category">;
export type Log = <E extends LogEvent>(level: LogLevel, event: E, fields?: LogFieldsOf<E>) => void;

/** Longer than any word of ours, so that nothing from outside that got into a line can fill the log. */
const MAX_FIELD_CHARS = 128;

/**
 * One structured line per event, as `wrangler tail` and Workers Logs read it, which add the time; what is below
 * `level` is left out.
 * @param analytics gets the same facts as data points, at whatever level.
 * @param account stands in every line.
 */
export function createLog(level: LogLevel, analytics?: AnalyticsEngineDataset, account?: string): Log {
  const least = LOG_LEVELS.indexOf(level);
  return (lineLevel, event, fields) => {
    const isWritten = LOG_LEVELS.indexOf(lineLevel) >= least;
    if (!isWritten && analytics === undefined) return;
    const facts: Facts = bounded({ event, account, ...fields });
    if (isWritten) console[lineLevel](JSON.stringify(facts));
    try {
      analytics?.writeDataPoint(dataPoint({ ...facts, level: lineLevel }));
    } catch {
      // It is a copy of what the line says, and no reason to fail whoever asked for something.
    }
  };
}

type Facts = { [field in LogField | "event" | "level"]?: LogValue };

const bounded = (facts: Facts): Facts =>
  Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === "string" ? value.slice(0, MAX_FIELD_CHARS) : value,
    ]),
  );

/** The columns of a data point, in their order: new ones come last, or what was stored before would be misread. */
export const DATA_POINT_BLOBS = [
  "event",
  "level",
  "tool",
  "path",
  "outcome",
  "trace_id",
  "submission_id",
  "reason",
  "code",
  "category",
  "provider",
  "mode",
  "host",
  "error",
  "incident",
  "limit",
] as const;
export const DATA_POINT_DOUBLES = ["duration_ms", "status", "tasks", "lost", "problems"] as const;

const dataPoint = (facts: Facts): AnalyticsEngineDataPoint => ({
  // Sampling is by index, so that one busy account, or all strangers together, do not hide the others.
  indexes: [String(facts.account ?? "")],
  blobs: DATA_POINT_BLOBS.map((name) => String(facts[name] ?? "")),
  doubles: DATA_POINT_DOUBLES.map((name) => Number(facts[name] ?? 0)),
});

/** What an error from outside may say in a log: its name. Its message may carry a token, an address or a prompt. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
