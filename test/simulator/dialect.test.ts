import { expect, test } from "vitest";
import { dialectOf } from "./dialect.ts";

test("every pair of a dialect's choices meets within 200 tasks", () => {
  const seen = new Map<string, Set<string>>();
  const values = new Map<string, Set<string>>();
  for (let index = 0; index < 200; index++) {
    const choices = Object.entries(dialectOf(index));
    for (const [name, value] of choices) {
      values.set(name, (values.get(name) ?? new Set()).add(value));
      for (const [other, otherValue] of choices) {
        const pair = `${name}×${other}`;
        seen.set(pair, (seen.get(pair) ?? new Set()).add(`${value}×${otherValue}`));
      }
    }
  }
  for (const [name, ours] of values) {
    for (const [other, theirs] of values) {
      if (name === other) continue;
      expect(seen.get(`${name}×${other}`)?.size, `${name}×${other}`).toBe(ours.size * theirs.size);
    }
  }
});

test("a forced choice stays, and the others keep rotating", () => {
  const dialects = [0, 1, 2, 3].map((index) => dialectOf(index, { times: "iso" }));
  expect(new Set(dialects.map(({ times }) => times))).toEqual(new Set(["iso"]));
  expect(new Set(dialects.map(({ pending }) => pending)).size).toBe(4);
});
