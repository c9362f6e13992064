/** The upstream writes wall-clock times without a zone in UTC+8 (design.md, "Time"). */
const ZONELESS_OFFSET = "+08:00";
const ZONELESS = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)$/;
/** A Unix time above this is in milliseconds: as seconds it would be the year 5138. */
const LARGEST_SECONDS = 1e11;
/**
 * In the year 2255: the ledger puts tasks in order by their time in microseconds, which is exact until then. What is
 * later is no time in milliseconds, but one in a finer unit, or a mistake.
 */
const LATEST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

/**
 * Reads a time as the upstream writes it: Unix seconds (also as a string), `YYYY-MM-DD HH:MM:SS` in UTC+8, or
 * ISO 8601, in the same field at different ages of its API.
 * @returns epoch milliseconds, or undefined when it is none of these.
 */
export function parseUpstreamTimeMs(value: unknown): number | undefined {
  if (typeof value === "number") return fromUnix(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^\d{9,13}(\.\d+)?$/.test(text)) return fromUnix(Number(text));
  const zoneless = ZONELESS.exec(text);
  const ms = Date.parse(zoneless ? `${zoneless[1]}T${zoneless[2]}${ZONELESS_OFFSET}` : text);
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? inRange(ms) : undefined;
}

const inRange = (ms: number): number | undefined => (ms > 0 && ms < LATEST_MS ? ms : undefined);

function fromUnix(value: number): number | undefined {
  if (!Number.isFinite(value) || value <= 0) return undefined;
  const ms = value > LARGEST_SECONDS ? value : value * 1000;
  return inRange(Math.round(ms));
}
