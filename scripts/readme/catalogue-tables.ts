import { z } from "zod";
import { readSettings } from "../../src/agent/settings.ts";
import { listPrompts } from "../../src/mcp/prompt-methods.ts";
import { listResources, listResourceTemplates } from "../../src/mcp/resource-methods.ts";
import { markdownTable } from "../../src/tools/markdown-table.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { firstSentence } from "./words.ts";

/** A deployment that sets nothing but what it must. */
export function defaultSettings() {
  const settings = readSettings({ ACEDATACLOUD_API_TOKEN: "any", MCP_ACCESS_KEY: "any-sixteen-chars" });
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings;
}

/** As much of an input schema as the README tells. */
const inputSchema = z.object({
  properties: z
    .record(z.string(), z.looseObject({ maxLength: z.number().optional(), maxItems: z.number().optional() }))
    .default({}),
  required: z.array(z.string()).default([]),
});

/** The input schemas of all tools, as clients get them. */
export const inputsOfTools = () =>
  TOOLS.map((tool) => ({
    tool,
    input: inputSchema.parse(z.toJSONSchema(tool.input(defaultSettings().deployment), { io: "input" })),
  }));

/** Every tool with what it costs and its arguments, required ones first and bold. */
export const toolsTable = (): string =>
  markdownTable(
    ["Tool", "", "Costs", "Arguments (bold: required)"],
    inputsOfTools().map(({ tool, input }) => {
      const optional = Object.keys(input.properties).filter((name) => !input.required.includes(name));
      const names = [
        ...input.required.map((name) => `**\`${name}\`**`),
        ...optional.map((name) => `\`${name}\``),
      ];
      return [
        `\`${tool.name}\``,
        firstSentence(tool.description),
        tool.annotations.readOnlyHint ? "nothing" : "credits",
        names.join(", ") || "none",
      ];
    }),
  );

/** Every prompt with its arguments, which are all optional. */
export const promptsTable = (): string =>
  markdownTable(
    ["Prompt", "", "Arguments"],
    listPrompts().map(({ name, description, arguments: args }) => [
      `\`${name}\``,
      description,
      args.map((argument) => `\`${argument.name}\``).join(", "),
    ]),
  );

/** Every resource, and the template. */
export const resourcesTable = (): string =>
  markdownTable(
    ["Resource", ""],
    [
      ...listResources().map(({ uri, description }) => [`\`${uri}\``, description]),
      ...listResourceTemplates().map(({ uriTemplate, description }) => [`\`${uriTemplate}\``, description]),
    ],
  );
