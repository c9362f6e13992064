/** Scripts that are written without spaces: each character is a word, so that any part of a prompt is found. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu;

const spaceOut = (text: string) => text.normalize("NFKC").replace(UNSPACED, " $& ");

/** The text of a prompt as the full-text index keeps it. */
export const indexedWords = (prompt: string): string => spaceOut(prompt);

/**
 * A full-text query (SQLite FTS5) for prompts that have every word of `query`, each perhaps the beginning of a
 * longer one. Every term is a quoted string, so nothing in it is an operator.
 * @returns undefined when there is no word in it.
 */
export function promptQuery(query: string): string | undefined {
  const terms = query
    .split(/\s+/)
    .map((term) => (spaceOut(term).match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).join(" "))
    .filter((term) => term !== "");
  return terms.length === 0 ? undefined : terms.map((term) => `"${term}" *`).join(" ");
}
