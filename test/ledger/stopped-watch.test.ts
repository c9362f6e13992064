import { afterEach, describe, expect, it } from "vitest";
import { connectModern } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import { createTroubled } from "./troubled-world.ts";

const MINUTE_MS = 60_000;
const BOTH = { tasks: [{ state: "succeeded" }, { state: "succeeded" }] };

describe("a watch that stopped goes on, for old tasks and new ones, when the upstream takes an order", () => {
  let world: World;
  afterEach(() => world.end());

  it("after a refused token of the deployment's", async () => {
    world = createWorld({ generationMs: MINUTE_MS });
    const client = await world.until(connectModern(world));
    const make = () => world.until(client.callTool("veo_text_to_video", { prompt: "a heron" }));
    await make();
    world.simulator.inject({ kind: "status", match: "tasks", status: 401, code: "invalid_token" });
    await world.advance(MINUTE_MS);
    expect(await world.nextWorkMs()).toBeNull();
    await make();
    await world.advance(5 * MINUTE_MS);
    expect((await client.callTool("veo_list_tasks", {})).structuredContent).toMatchObject(BOTH);
  });

  it("after an empty balance, with the key that paid", async () => {
    const { ada, strike, ...troubled } = await createTroubled();
    world = troubled.world;
    await ada.submit();
    strike({ kind: "status", status: 403, code: "used_up" }, "tasks", 1);
    await world.advance(MINUTE_MS);
    expect(await world.nextWorkMs(ada.account)).toBeNull();
    await ada.submit();
    await world.advance(5 * MINUTE_MS);
    expect((await ada.call("veo_list_tasks")).structuredContent).toMatchObject(BOTH);
  });
});
