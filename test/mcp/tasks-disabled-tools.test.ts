import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/agent/schema.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Parking } from "../../src/ledger/parking.ts";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { WatchStore } from "../../src/ledger/watch-store.ts";
import { createCatalogue } from "../../src/mcp/catalogue.ts";
import { createModernLane } from "../../src/mcp/modern-lane.ts";
import { ledgerTasks } from "../../src/mcp/task-directory.ts";
import type { CallerContext } from "../../src/tools/define-tool.ts";
import { createUpstreamClient } from "../../src/veo/upstream-client.ts";
import { createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";
import { type RawRequest, readAnswer, toModern } from "./raw-request.ts";

const DISABLED = ["veo_reshoot", "veo_upsample", "veo_image_to_video"];
const deployment = {
  serverName: "veo",
  defaultModel: "veo31-fast",
  disabledTools: new Set(DISABLED),
  payer: "operator",
} as const;
const settings = { requestTimeoutMs: 1000, retentionMs: 86_400_000, payer: "operator" } as const;

/** The lane of a deployment with disabled tools, over the rows of an object. */
function laneOver(storage: DurableObjectStorage) {
  const { sql } = storage;
  // Nobody called the object before, so it has no tables yet.
  migrate(storage);
  const dependencies = {
    tasks: new TaskStore(sql),
    watch: new WatchStore(sql),
    parking: new Parking(),
    upstream: createUpstreamClient({ baseUrl: "https://upstream.test", requestTimeoutMs: 1000 }),
    credential: {
      ofCall: () => UPSTREAM_TOKEN,
      ofWatch: () => UPSTREAM_TOKEN,
      isStanding: () => true,
      refused: () => undefined,
    },
    now: () => Date.now(),
    random: () => 0,
    arm: async () => undefined,
    announce: () => undefined,
  };
  const ledger = new Ledger(dependencies, settings);
  const quiet = () => undefined;
  const tasks = ledgerTasks(ledger, deployment, () => Date.now());
  const lane = createModernLane(createCatalogue(deployment, quiet), tasks, quiet);
  const context: CallerContext = { deployment, ledger, ownsToken: true, hold: (call) => call() };
  return async (asked: RawRequest) => readAnswer(await lane.serve(toModern(asked), context));
}

describe("tasks, where an operator switched tools off", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("do not come of those tools, nor mention them when they are over", async () => {
    await world.inObject(async (_, { storage }) => {
      const ask = laneOver(storage);
      const call = (name: string, args: object) =>
        ask({ method: "tools/call", params: { name, arguments: args } });
      for (const name of DISABLED)
        expect(await call(name, { prompt: "x", video_id: "v" })).toMatchObject({
          error: { code: -32602, message: `Unknown tool: ${name}` },
        });
      expect(world.paidCalls()).toBe(0);
      expect(await call("veo_text_to_video", { prompt: "x" })).toMatchObject({
        result: { resultType: "task" },
      });
      const over = await call("veo_text_to_video", { prompt: "[sync] x" });
      const { submission_id } = Object(over.result?.structuredContent);
      const { result } = await ask({ method: "tasks/get", params: { taskId: submission_id } });
      expect(result).toMatchObject({ status: "completed" });
      const told = JSON.stringify(result);
      expect(told).toContain("veo_extend_video");
      for (const name of DISABLED) expect(told, name).not.toContain(name);
    });
  });
});
