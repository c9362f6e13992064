import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ownerOfUpstreamKey } from "../../../src/auth/upstream-key.ts";
import { callMcp } from "../../auth/oauth-client.ts";
import { createWorld, type World } from "../../world.ts";

const KEY = "upstream-key-of-ada-0123456789";
const answerSchema = z.object({
  result: z.object({ structuredContent: z.looseObject({ state: z.string(), task_id: z.string() }) }),
});
const { account } = ownerOfUpstreamKey(KEY);

describe("whoever pays with their own key, without SECRET_KEY", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ accounts: [account] });
  });
  afterEach(() => world.end());

  const call = async (name: string, args: Record<string, unknown>) =>
    answerSchema.parse(
      await (await world.until(callMcp(world, KEY, "tools/call", { name, arguments: args }))).json(),
    ).result.structuredContent;

  it("has no key kept, and tasks brought up to date when they ask", async () => {
    const made = await call("veo_text_to_video", { prompt: "a heron" });
    expect(made.state).toBe("processing");
    const rows = () =>
      world.inObject((_, { storage }) => storage.sql.exec("SELECT * FROM credential").toArray());
    expect(await rows()).toEqual([]);
    const queries = world.taskQueries();
    await world.advance(90_000);
    expect(world.taskQueries()).toBe(queries);
    const task = await call("veo_get_task", { task_id: made.task_id });
    expect(task.state).toBe("succeeded");
    expect(await rows()).toEqual([]);
  });
});
