import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Parking } from "../../src/ledger/parking.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { UsageStore } from "../../src/ledger/usage-store.ts";
import { WatchStore } from "../../src/ledger/watch-store.ts";
import { createCatalogue } from "../../src/mcp/catalogue.ts";
import { createUpstreamClient } from "../../src/veo/upstream-client.ts";
import { createWorld, type World } from "../world.ts";

const DISABLED = ["veo_reshoot", "veo_upsample", "veo_image_to_video"];

describe("tools that an operator switched off", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("are neither listed nor called nor mentioned", async () => {
    const deployment = {
      serverName: "veo",
      defaultModel: "veo31-fast",
      disabledTools: new Set(DISABLED),
      payer: "operator",
    } as const;
    const catalogue = createCatalogue(deployment, () => undefined);
    const told = await world.inObject(async (_, { storage: { sql } }) => {
      const ledger = new Ledger(
        {
          tasks: new TaskStore(sql),
          usage: new UsageStore(sql),
          limits: {
            account: { inFlight: undefined, perDay: undefined },
            deployment: { inFlight: undefined, perDay: undefined, creditsPerDay: undefined },
            prices: {},
          },
          budget: undefined,
          callbacks: { submissionOf: () => undefined, isOurs: () => false },
          ownsToken: true,
          watch: new WatchStore(sql),
          parking: new Parking(),
          upstream: createUpstreamClient({
            baseUrl: "https://upstream.test",
            requestTimeoutMs: 1000,
            log: () => undefined,
          }),
          credential: {
            ofCall: () => "token",
            ofWatch: () => "token",
            isStanding: () => true,
            refused: () => undefined,
          },
          now: () => Date.now(),
          random: () => 0,
          arm: async () => undefined,
          announce: () => undefined,
        },
        { requestTimeoutMs: 1000, retentionMs: 1000, payer: "operator" },
      );
      const context = { deployment, ledger, ownsToken: true, followsTasks: false };
      await expect(catalogue.callTool({ name: "veo_reshoot" }, context)).rejects.toThrow("Unknown tool");
      const made = await catalogue.callTool(
        { name: "veo_text_to_video", arguments: { prompt: "[sync] x" } },
        context,
      );
      return [
        made,
        await catalogue.callTool({ name: "veo_list_actions" }, context),
        catalogue.getPrompt("veo_video_generation_guide", undefined, context),
        catalogue.getPrompt("veo_workflow_examples", undefined, context),
      ];
    });
    const everything = JSON.stringify([
      told,
      catalogue.instructions,
      catalogue.listTools().tools.map(({ name }) => name),
    ]);
    expect(everything).toContain("veo_extend_video");
    for (const name of DISABLED) expect(everything, name).not.toContain(name);
  });
});
