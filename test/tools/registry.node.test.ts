import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { instructions } from "../../src/mcp/server-info.ts";
import { listTools } from "../../src/mcp/tool-methods.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { PAID_TOOLS, PRICES } from "../../src/veo/capabilities.ts";

const DEPLOYMENT = {
  serverName: "veo",
  defaultModel: "veo31-fast",
  disabledTools: new Set<string>(),
  payer: "operator",
  prices: PRICES,
} as const;
/** What every conversation pays for: the whole of `tools/list`, in characters. */
const MAX_LIST_CHARS = 24_000;
const CHARS_PER_TOKEN = 4;
const listed = listTools(TOOLS, DEPLOYMENT);

describe("the registry of tools", () => {
  it("has a file for every tool, named after it", () => {
    const named = readdirSync(resolve(import.meta.dirname, "../../src/tools")).filter((file) =>
      file.startsWith("veo_"),
    );
    expect(named.map((file) => file.replace(".ts", "")).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
  });

  it("keeps the original server's tools and their arguments", () => {
    const argumentsOf = (name: string) =>
      Object.keys(TOOLS.find((tool) => tool.name === name)?.input(DEPLOYMENT).shape ?? {});
    const original: Record<string, string[]> = {
      veo_text_to_video: ["prompt", "model", "aspect_ratio", "translation", "resolution", "callback_url"],
      veo_image_to_video: [
        "prompt",
        "image_urls",
        "model",
        "aspect_ratio",
        "translation",
        "resolution",
        "callback_url",
      ],
      veo_get_1080p: ["video_id", "model"],
      veo_upsample: ["video_id", "action", "callback_url"],
      veo_extend_video: ["video_id", "model", "prompt", "callback_url"],
      veo_reshoot: ["video_id", "motion_type", "callback_url"],
      veo_video_objects: ["video_id", "action", "prompt", "image_mask", "callback_url"],
      veo_get_task: ["task_id", "trace_id"],
      veo_get_tasks_batch: [
        "task_ids",
        "trace_ids",
        "offset",
        "limit",
        "type",
        "created_at_min",
        "created_at_max",
      ],
      veo_list_models: [],
      veo_list_actions: [],
      veo_get_prompt_guide: [],
    };
    for (const [name, names] of Object.entries(original))
      expect(argumentsOf(name)).toEqual(expect.arrayContaining(names));
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s tells the truth about itself",
    (name, tool) => {
      const pays = PAID_TOOLS.some((paid) => paid === name);
      expect(tool.annotations).toMatchObject({
        readOnlyHint: !pays,
        idempotentHint: !pays,
        destructiveHint: false,
      });
      expect(tool.annotations.openWorldHint).toBe(pays || /task/.test(name));
      expect(tool.title.length).toBeGreaterThan(0);
      expect(tool.description.length).toBeGreaterThan(40);
      expect(tool.description.length).toBeLessThan(360);
      expect(tool.description).toContain(pays ? "Spends credits" : "Free");
    },
  );

  it.each(listed.map((tool) => [tool.name, tool] as const))(
    "%s says of every argument what it is",
    (_name, tool) => {
      const properties = z.record(z.string(), z.unknown()).parse(tool.inputSchema.properties ?? {});
      for (const [argument, schema] of Object.entries(properties)) {
        expect(schema, argument).toHaveProperty("description");
      }
      expect(tool.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: "object" });
    },
  );

  it("is listed as it was, and stays affordable", async () => {
    const json = JSON.stringify(listed);
    console.info(
      `tools/list: ${json.length} characters, about ${Math.round(json.length / CHARS_PER_TOKEN)} tokens`,
    );
    expect(json.length).toBeLessThan(MAX_LIST_CHARS);
    // One character beyond Latin-1 makes V8 keep, copy and encode the whole list at twice the width.
    expect(json).toMatch(/^[\x20-\x7e]*$/);
    await expect(`${JSON.stringify(listed, null, 2)}\n`).toMatchFileSnapshot("../snapshots/tools-list.json");
  });

  it("hides disabled tools, and the instructions do not mention them", () => {
    const disabledTools = new Set(["veo_reshoot", "veo_get_1080p", "veo_list_models", "veo_image_to_video"]);
    const text = instructions({ ...DEPLOYMENT, disabledTools });
    for (const name of disabledTools) expect(text).not.toContain(name);
    expect(text).toContain("veo_text_to_video");
    const everything = new Set(TOOLS.map(({ name }) => name));
    expect(instructions({ ...DEPLOYMENT, disabledTools: everything })).not.toMatch(/veo_[a-z0-9_]+ /);
  });
});
