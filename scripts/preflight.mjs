// What must be true before anything else runs. It works on any Node from 16 on, since its purpose is to say what
// to do when the project's own Node is not there.
import { existsSync, readFileSync } from "node:fs";

const LEAST_NODE = 24;

const root = new URL("../", import.meta.url);
/** @param {string} path */
const exists = (path) => existsSync(new URL(path, root));
/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

/** @returns {string[]} what is wrong and what to do about it, in sentences; nothing when all is well. */
function problem() {
  if (!exists("node_modules")) return ["The dependencies are not installed.", "Run: npm install"];
  const { dependencies, devDependencies } = readJson("package.json");
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  const missing = wanted.filter(([name]) => !exists(`node_modules/${name}/package.json`));
  if (missing.length > 0)
    return [`Not installed: ${missing.map(([name]) => name).join(", ")}.`, "Run: npm install --include=dev"];
  const other = wanted.filter(([name, version]) => {
    const installed = readJson(`node_modules/${name}/package.json`).version;
    return /^\d/.test(version) && installed !== version;
  });
  if (other.length > 0)
    return [
      `Another version is installed than package.json asks for: ${other.map(([name]) => name).join(", ")}.`,
      "Run: npm install",
    ];
  if (Number(process.versions.node.split(".")[0]) >= LEAST_NODE) return [];
  if (!exists("node_modules/node/bin/node") && !exists("node_modules/node/bin/node.exe"))
    return [
      `This needs Node ${LEAST_NODE}. It comes with the package "node", whose install script did not run: install scripts are switched off in your npm, or it had no network.`,
      "Run: npm rebuild node --ignore-scripts=false",
    ];
  return [
    `This needs Node ${LEAST_NODE}, and ran on ${process.version}. Node ${LEAST_NODE} is in node_modules/.bin, which npm's scripts find first.`,
    "Start it with npm: npm start, npm test, npm run …",
  ];
}

const sentences = problem();
if (sentences.length > 0) {
  console.error(`\n${sentences.join("\n")}\n`);
  process.exitCode = 1;
}
