import { closest, distance } from "fastest-levenshtein";
import { howToSet } from "../../src/config/access.ts";
import { VARIABLES, type VariableName } from "../../src/config/variables.ts";

const isKnown = (name: string): name is VariableName => Object.hasOwn(VARIABLES, name);
const NAMES = Object.keys(VARIABLES).filter(isKnown);

/** @returns a problem as it is said to somebody whose variables are in `.dev.vars`. */
export const inDevVars = (problem: string): string =>
  NAMES.reduce((text, name) => text.replace(howToSet(name), "put it into .dev.vars"), problem);

/**
 * Names that the server does not read, and that are nearly one of those that it does. Nothing else tells of them: the
 * variable that was meant is not set, and may have a default.
 * @param mostEdits how much of a name may be different, from 0 to 1.
 */
export function misspelt(names: readonly string[], mostEdits: number): string[] {
  return names.flatMap((name) => {
    const meant = closest(name.toUpperCase(), NAMES);
    const isNear = distance(name.toUpperCase(), meant) <= Math.floor(meant.length * mostEdits);
    return isNear && !isKnown(name)
      ? [`${name} is not a variable of this server: did you mean ${meant}?`]
      : [];
  });
}

/** Whoever writes a file of ours means us with what is in it; a shell has many names, and few are meant for us. */
export const MOST_EDITS = { file: 1 / 4, shell: 1 / 8 };
