import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withGeneratedBlocks } from "./readme/generated-blocks.ts";

/** `npm run docs`: brings the README's generated blocks up to date; with `--check`, only says whether they are. */

const readme = join(import.meta.dirname, "../README.md");
const present = readFileSync(readme, "utf8");
const wanted = withGeneratedBlocks(present);
if (process.argv.includes("--check")) {
  if (present !== wanted) {
    console.error("README.md is older than the code: run npm run docs");
    process.exitCode = 1;
  }
} else if (present === wanted) console.log("README.md is up to date.");
else {
  writeFileSync(readme, wanted);
  console.log("README.md is brought up to date.");
}
