import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { withGeneratedBlocks } from "../scripts/readme/generated-blocks.ts";
import { VARIABLES } from "../src/config/variables.ts";
import { LOG_EVENTS } from "../src/log.ts";
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

/** The operator's page. */
const operatorsPage = () => /^## When something goes wrong$(.*?)^## /ms.exec(read("README.md"))?.[1] ?? "";

test("the operator's page has every line of the log that says that something is wrong", () => {
  const alarming = Object.entries(LOG_EVENTS)
    .filter(([, { levels }]) => levels.some((level) => ["warn", "error"].includes(level)))
    .map(([event]) => event);
  expect(alarming.length).toBeGreaterThan(8);
  const page = operatorsPage();
  expect(alarming.filter((event) => !page.includes(`\`${event}\``))).toEqual([]);
});

test("the operator's page speaks of nothing that the code does not say", () => {
  const source = globSync("src/**/*.ts", { cwd: ROOT }).map(read).join("\n");
  const words = [...operatorsPage().matchAll(/`([a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)`/g)].map(
    ([, word = ""]) => word,
  );
  expect(words.length).toBeGreaterThan(30);
  expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(source))).toEqual([]);
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
