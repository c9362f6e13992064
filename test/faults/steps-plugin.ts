import { parseAst } from "vitest/node";

/** The code that runs in the object, or in the Worker for it: where the object may die while something is awaited. */
const STEPPED =
  /\/(src\/(?:(?:agent|ledger|mcp|tools|veo)\/[\w/-]+|http\/(?:callbacks|mcp-endpoint|streams))\.ts)$/;

interface Node {
  type: string;
  start: number;
  end: number;
}
const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value;

/**
 * A Vite plugin that makes a step of every `await` in the source as it stands, so that no place where the object can
 * die is forgotten, and none needs a hook in the code that is shipped: `await x` becomes `await stepped("file:line", x)`.
 */
export const stepsInAwaits = () => ({
  name: "steps-in-awaits",
  enforce: "pre" as const,
  transform(code: string, id: string) {
    const file = STEPPED.exec(id.split("?")[0] ?? "")?.[1];
    return file === undefined ? undefined : { code: withSteps(code, file), map: null };
  },
});

/** @returns the code with its awaits wrapped; its lines stay where they are. */
function withSteps(code: string, file: string): string {
  const insertions: { at: number; text: string }[] = [];
  const wrap = (name: string, { start, end }: Node) => {
    const line = code.slice(0, start).split("\n").length;
    insertions.push({ at: start, text: `globalThis.${name}("${file}:${line}", ` }, { at: end, text: ")" });
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (isNode(value)) {
      if (value.type === "AwaitExpression" && "argument" in value && isNode(value.argument))
        wrap("stepped", value.argument);
      if (value.type === "ForOfStatement" && "await" in value && value.await === true)
        if ("right" in value && isNode(value.right)) wrap("steppedEach", value.right);
      for (const child of Object.values(value)) visit(child);
    }
  };
  visit(parseAst(code, { lang: "ts" }));
  // From the end, so that what is not done yet stays where it was; at one place, an inner wrap closes first.
  insertions.sort((a, b) => b.at - a.at);
  return insertions.reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), code);
}
