import { globSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** From the door inwards (design.md): a file may import from its own layer and from those after it. */
const LAYERS = ["index.ts", "http", "auth", "agent", "mcp", "tools", "ledger", "veo"];
/** Everybody may import these; they import only each other. */
const LEAVES = ["config", "errors.ts", "error-words.ts", "log.ts"];
/** What only the outer layers may know of. */
const OUTSIDE_ONLY = /^(hono|agents|cloudflare:|@modelcontextprotocol\/)/;

const SRC = resolve(import.meta.dirname, "../src");
const files = globSync("**/*.ts", { cwd: SRC }).sort();
const layerOf = (file: string) => file.split("/")[0] ?? "";

function importsOf(file: string): string[] {
  const source = readFileSync(resolve(SRC, file), "utf8");
  return [...source.matchAll(/^(?:import|export)[^"';]*?from "([^"]+)"|^import "([^"]+)"/gm)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}
const inSource = (file: string, specifier: string) => relative(SRC, resolve(SRC, dirname(file), specifier));

describe("the source", () => {
  it("is there, with imports", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap(importsOf).length).toBeGreaterThan(150);
  });

  it.each(files)("%s imports in one direction only", (file) => {
    const layer = layerOf(file);
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const target = inSource(file, specifier);
      if (target === "../package.json") continue;
      expect(target, `${file} imports ${specifier}`).not.toMatch(/^\.\./);
      const targetLayer = layerOf(target);
      if (LEAVES.includes(targetLayer)) continue;
      expect(LEAVES, `${file}, a leaf, imports ${specifier}`).not.toContain(layer);
      expect(LAYERS, `${file} imports ${specifier}`).toContain(targetLayer);
      expect(LAYERS.indexOf(targetLayer), `${file} imports ${specifier}`).toBeGreaterThanOrEqual(
        LAYERS.indexOf(layer),
      );
    }
  });

  it.each(files.filter((file) => ["tools", "ledger", "veo", ...LEAVES].includes(layerOf(file))))(
    "%s knows neither the router, nor the agent, nor the protocol's SDKs",
    (file) => expect(importsOf(file).filter((name) => OUTSIDE_ONLY.test(name))).toEqual([]),
  );

  it.each(files)("%s stays small", (file) => {
    expect(readFileSync(resolve(SRC, file), "utf8").split("\n").length).toBeLessThanOrEqual(300);
  });

  it("sleeps nowhere: the only timers are deadlines, of parked calls and requests, and the keep-alive of streams", () => {
    const timers = files.filter((file) =>
      /setTimeout|setInterval|scheduler\.wait/.test(readFileSync(resolve(SRC, file), "utf8")),
    );
    expect(timers).toEqual([
      "agent/budget-client.ts",
      "http/event-stream.ts",
      "ledger/parking.ts",
      "veo/upstream-http.ts",
    ]);
  });
});
