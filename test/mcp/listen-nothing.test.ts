import { SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorld, type World } from "../world.ts";
import { expectAsleep, listen } from "./event-reader.ts";

describe("subscriptions/listen for nothing that changes", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it.each([
    { toolsListChanged: true },
    { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
    { taskIds: [], resourceSubscriptions: [] },
    {},
  ])("promises nothing, is over at once, and wakes no object: %j", async (notifications) => {
    const stream = await listen(world, { id: 1, notifications });
    expect(stream.acknowledged).toMatchObject({
      method: "notifications/subscriptions/acknowledged",
      params: { notifications: {}, _meta: { [SUBSCRIPTION_ID_META_KEY]: 1 } },
    });
    expect(JSON.stringify(stream.acknowledged)).not.toContain("Changed");
    expect(await stream.rest()).toMatchObject([{ id: 1, result: { resultType: "complete" } }]);
    await expectAsleep();
  });
});
