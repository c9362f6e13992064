const UNITS = [
  { ms: 86_400_000, name: "days", least: 2 },
  { ms: 3_600_000, name: "h", least: 1 },
  { ms: 60_000, name: "min", least: 1 },
  { ms: 1000, name: "s", least: 1 },
] as const;

/** A time as people read it: `90 days`, `24 h`, `15 s`. */
export function duration(ms: number): string {
  const unit = UNITS.find((candidate) => ms % candidate.ms === 0 && ms >= candidate.ms * candidate.least);
  return unit === undefined ? `${ms} ms` : `${ms / unit.ms} ${unit.name}`;
}

/** A count with its thousands apart. */
export const count = (number: number): string => number.toLocaleString("en-US");

/** The first sentence of a description. */
export const firstSentence = (text: string): string => /^.*?\.(?= [A-Z]|$)/.exec(text)?.[0] ?? text;
