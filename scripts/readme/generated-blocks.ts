import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type ClientSetup, headerSetups } from "../../src/http/client-setup.ts";
import { actionsTable, motionsTable } from "../../src/tools/veo_list_actions.ts";
import { modelsTable } from "../../src/tools/veo_list_models.ts";
import { promptsTable, resourcesTable, toolsTable } from "./catalogue-tables.ts";
import { signInTable } from "./client-table.ts";
import { costTable, usageTable } from "./cost-table.ts";
import { dataPoints, logTable } from "./log-tables.ts";
import * as operation from "./operation-tables.ts";

/** How each client is told, for a server at this address. */
const clientSections = (setups: ClientSetup[]): string =>
  setups
    .map(({ client, where, language, text }) =>
      [`**${client}**${where === undefined ? "" : ` (${where})`}`, `\`\`\`${language}\n${text}\n\`\`\``].join(
        "\n\n",
      ),
    )
    .join("\n\n");

const LOCAL = "http://127.0.0.1:8787/mcp";
const DEPLOYED = "https://veo-mcp.YOUR-SUBDOMAIN.workers.dev/mcp";

/** The parts of the README that the code knows better, by the name in their marker. */
const BLOCKS: ReadonlyMap<string, () => string> = new Map([
  ["clients", () => clientSections(headerSetups(LOCAL, "YOUR_ACCESS_KEY"))],
  ["sign-in-clients", () => signInTable(DEPLOYED)],
  ["tools", toolsTable],
  ["models", modelsTable],
  ["actions", () => actionsTable()],
  ["motions", motionsTable],
  ["prompts", promptsTable],
  ["resources", resourcesTable],
  ["variables", operation.variablesTable],
  ["sign-in", operation.signInTable],
  ["watch", operation.watchTable],
  ["queries", operation.queriesTable],
  ["limits", operation.limitsTable],
  ["usage", usageTable],
  ["cost", costTable],
  ["errors", operation.errorsTable],
  ["log", logTable],
  ["data-points", dataPoints],
  ["simulator-words", operation.simulatorWordsTable],
]);

const BLOCK = /<!-- generated:([\w-]+) -->\n[\s\S]*?<!-- \/generated -->/g;

/** @returns the README with every generated block made anew, and formatted. Throws when a block is missing or not known. */
export function withGeneratedBlocks(readme: string): string {
  const used = new Set<string>();
  const text = readme.replace(BLOCK, (_, name: string) => {
    const block = BLOCKS.get(name);
    if (block === undefined) throw new Error(`README.md: nothing generates "${name}"`);
    used.add(name);
    return `<!-- generated:${name} -->\n\n${block()}\n\n<!-- /generated -->`;
  });
  const missing = [...BLOCKS.keys()].filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`README.md has no block for: ${missing.join(", ")}`);
  return formatted(text);
}

/** Tables are aligned as the linter wants the whole file. */
function formatted(markdown: string): string {
  const biome = join(import.meta.dirname, "../../node_modules/@biomejs/biome/bin/biome");
  return execFileSync(process.execPath, [biome, "format", "--stdin-file-path=README.md"], {
    input: markdown,
    encoding: "utf8",
  });
}
