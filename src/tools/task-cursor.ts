/** A cursor is the position of the last task shown: positions never change, so a page never skips or repeats. */
export const cursorOf = (position: number): string => `before-${position.toString(36)}`;

/** @returns the position that a cursor is of, or null for one that is not ours. */
export function positionOf(cursor: string): number | null {
  const [, digits] = /^before-([0-9a-z]{1,11})$/.exec(cursor) ?? [];
  if (digits === undefined) return null;
  const position = Number.parseInt(digits, 36);
  return Number.isSafeInteger(position) ? position : null;
}
