import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { withGeneratedBlocks } from "../scripts/readme/generated-blocks.ts";
import { VARIABLES } from "../src/config/variables.ts";
import { PROMPTS } from "../src/mcp/prompt-methods.ts";
import { TOOL_NAMES } from "../src/tools/registry.ts";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

test("the README's tables are what the code says: `npm run docs` makes them", () => {
  const readme = read("README.md");
  expect(withGeneratedBlocks(readme)).toBe(readme);
});

test("the README names every tool, prompt and variable", () => {
  const readme = read("README.md");
  const names = [...TOOL_NAMES, ...PROMPTS.map(({ name }) => name), ...Object.keys(VARIABLES)];
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("the README's links lead to files and headings that exist", () => {
  const readme = read("README.md");
  const anchors = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  for (const [, target = ""] of readme.matchAll(/\]\(([^):]+)\)/g)) {
    if (target.startsWith("#")) expect(anchors).toContain(target.slice(1));
    else expect(() => read(target)).not.toThrow();
  }
});

test("npm was told of every install script whether it may run, so that no npm asks", () => {
  const lock = z
    .object({ packages: z.record(z.string(), z.looseObject({ hasInstallScript: z.boolean().optional() })) })
    .parse(JSON.parse(read("package-lock.json")));
  const { allowScripts } = z
    .looseObject({ allowScripts: z.record(z.string(), z.boolean()) })
    .parse(JSON.parse(read("package.json")));
  const scripted = Object.entries(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ""));
  expect(Object.keys(allowScripts)).toEqual(expect.arrayContaining(scripted));
  expect(allowScripts.node).toBe(true);
});
