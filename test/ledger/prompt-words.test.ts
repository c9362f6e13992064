import { describe, expect, it } from "vitest";
import { indexedWords, promptQuery } from "../../src/ledger/prompt-words.ts";

describe("words of a prompt", () => {
  it("are quoted one by one, each perhaps the beginning of a longer one", () => {
    expect(promptQuery("red  fo")).toBe('"red" * "fo" *');
  });
  it("lose what full-text search would take for an operator", () => {
    expect(promptQuery('red" OR NEAR( fox* -x')).toBe('"red" * "OR" * "NEAR" * "fox" * "x" *');
  });
  it("are single characters in scripts without spaces", () => {
    expect(indexedWords("雪中的狐狸")).toBe(" 雪  中  的  狐  狸 ");
    expect(promptQuery("狐狸")).toBe('"狐 狸" *');
  });
  it("are none in punctuation", () => expect(promptQuery(" ?! \"'")).toBeUndefined());
});
