/** One line of the report: what was measured, what it may be at most or at least, and whether it is. */
export interface Line {
  readonly part: string;
  readonly what: string;
  readonly measured: string;
  readonly limit: string;
  readonly isMet: boolean;
  /** What else is worth knowing beside it. */
  readonly beside: string;
}

/** Figures at most so large: a line whose measure and limit are numbers with one unit. */
export function atMost(
  about: Pick<Line, "part" | "what" | "beside">,
  value: number,
  limit: number,
  unit: string,
): Line {
  return {
    ...about,
    measured: `${rounded(value)}${unit}`,
    limit: `≤ ${limit}${unit}`,
    isMet: value <= limit,
  };
}

export const rounded = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(value < 100 ? 2 : 0);

const HEADINGS = ["part", "what", "measured", "limit", "verdict", "beside"];

/** The lines as a table of text. */
export function tableOf(lines: readonly Line[]): string {
  const cells = lines.map((line) => [
    line.part,
    line.what,
    line.measured,
    line.limit,
    line.isMet ? "ok" : "MISSED",
    line.beside,
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [format(HEADINGS), format(widths.map((width) => "─".repeat(width))), ...cells.map(format)].join(
    "\n",
  );
}
