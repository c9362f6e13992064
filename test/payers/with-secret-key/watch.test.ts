import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownerOfUpstreamKey } from "../../../src/auth/upstream-key.ts";
import { callMcp } from "../../auth/oauth-client.ts";
import { createWorld, type World } from "../../world.ts";

const KEY = "upstream-key-of-ada-0123456789";
const { account } = ownerOfUpstreamKey(KEY);

describe("whoever pays with their own key, with SECRET_KEY set", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld({ accounts: [account] });
  });
  afterEach(() => world.end());

  const call = async (name: string, args: Record<string, unknown>) =>
    (await world.until(callMcp(world, KEY, "tools/call", { name, arguments: args }))).json();
  const rows = () =>
    world.inObject((_, { storage }) =>
      storage.sql.exec<{ sealed: string }>("SELECT sealed FROM credential").toArray(),
    );

  it("has the key kept, sealed, while a task is in flight, and erased with the last one", async () => {
    expect(await call("veo_text_to_video", { prompt: "a heron" })).toMatchObject({
      result: { structuredContent: { state: "processing" } },
    });
    const [row] = await rows();
    expect(row?.sealed).toMatch(/^[\w+/]+\.[\w+/]+=*$/);
    await world.evict();
    await world.advance(90_000);
    expect(await rows()).toEqual([]);
    expect(await call("veo_list_tasks", {})).toMatchObject({
      result: { structuredContent: { tasks: [{ state: "succeeded" }] } },
    });
  });
});
