import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { atMost, rounded } from "./report.ts";
import type { Part } from "./stage.ts";
import { runWrangler } from "./worker-build.ts";

const MOST_KIB = 560;
/** What it was before submissions were searched for, limited and logged, and what these may add. What was added before is in it. */
const KIB_BEFORE_TRUST = 526.4;
const MOST_KIB_FOR_TRUST = 20;
const LARGEST_SHOWN = 10;
const KIB = 1024;

/** The size of what is deployed, what it is made of, and how it starts. */
export const bundle: Part = async ({ built, scratchFolder }) => {
  const module = await readFile(built.modulePath);
  const gzippedKib = gzipSync(module).byteLength / KIB;
  const minifiedKib = module.byteLength / KIB;
  const about = {
    part: "bundle",
    what: "minified and gzipped",
    beside: `${rounded(minifiedKib)} KiB minified`,
  };
  const trust = {
    part: "bundle",
    what: "of that, for finding lost orders, limits and logs",
    beside: `over the ${KIB_BEFORE_TRUST} KiB before them`,
  };
  return {
    lines: [
      atMost(about, gzippedKib, MOST_KIB, " KiB"),
      atMost(trust, gzippedKib - KIB_BEFORE_TRUST, MOST_KIB_FOR_TRUST, " KiB"),
    ],
    notes: [await largestParts(built.metafilePath), await startup(built.uploadPath, scratchFolder)],
  };
};

const metafileSchema = z.object({
  outputs: z.record(
    z.string(),
    z.object({ inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) }),
  ),
});

async function largestParts(metafilePath: string): Promise<string> {
  const { outputs } = metafileSchema.parse(JSON.parse(await readFile(metafilePath, "utf8")));
  const bytesOf = new Map<string, number>();
  for (const { inputs } of Object.values(outputs))
    for (const [path, { bytesInOutput }] of Object.entries(inputs))
      bytesOf.set(packageOf(path), (bytesOf.get(packageOf(path)) ?? 0) + bytesInOutput);
  const total = [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0);
  const largest = [...bytesOf]
    .sort(([, a], [, b]) => b - a)
    .slice(0, LARGEST_SHOWN)
    .map(([name, bytes]) => {
      const percent = ((bytes / total) * 100).toFixed(0);
      return `  ${rounded(bytes / KIB).padStart(6)} KiB ${percent.padStart(3)} %  ${name}`;
    });
  return ["Largest parts of the bundle (minified, before gzip):", ...largest].join("\n");
}

/** @returns the package that a file belongs to (the innermost, of nested ones), or our own code. */
function packageOf(path: string): string {
  const inside = path.split("node_modules/");
  if (inside.length === 1)
    return path.includes("src/") ? "src (ours)" : "the project's other files, and wrangler's";
  const [scopeOrName = "", name = ""] = (inside.at(-1) ?? "").split("/");
  return scopeOrName.startsWith("@") ? `${scopeOrName}/${name}` : scopeOrName;
}

async function startup(uploadPath: string, scratchFolder: string): Promise<string> {
  const profilePath = `${scratchFolder}/startup.cpuprofile`;
  const { status, output } = await runWrangler(
    ["check", "startup", "--worker", uploadPath, "--outfile", profilePath],
    scratchFolder,
  );
  if (status !== 0) return `wrangler check startup failed (status ${status}):\n${output}`;
  const figures = output.split("\n").filter((line) => /^│ +(Bundle:|Profile|Sampled|Active|Idle)/.test(line));
  const shown = figures.length > 0 ? figures : output.split("\n");
  return ["wrangler check startup:", ...shown.map((line) => line.replace(/^│/, " "))].join("\n");
}
