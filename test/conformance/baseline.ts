import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface BaselineEntry {
  /** `scenario:check`. */
  readonly name: string;
  /** The comment behind it; empty when there is none. */
  readonly reason: string;
}

/** Where it is written which checks of a revision may fail. */
export const baselinePath = (revision: string): string =>
  join(import.meta.dirname, "expected-failures", `${revision}.yaml`);

/** The entries of a revision's baseline. The suite reads only the names, so the reasons are comments. */
export function readBaseline(revision: string): BaselineEntry[] {
  const lines = readFileSync(baselinePath(revision), "utf8").split("\n");
  return lines
    .filter((line) => line.trimStart().startsWith("-"))
    .map((line) => {
      const [name = "", reason = ""] = line.replace(/^\s*-\s*/, "").split(" # ");
      return { name: name.trim(), reason: reason.trim() };
    });
}
