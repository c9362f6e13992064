import { afterEach, describe, expect, it } from "vitest";
import { createTaskClient } from "../../mcp/task-client.ts";
import type { World } from "../../world.ts";
import { accountOf, createPayersWorld, newKey, questionsOf } from "../payer.ts";

describe("tasks of people whose key is kept nowhere", () => {
  let world: World;
  afterEach(() => world.end());

  it("are brought up to date by whoever asks: the answer waits for the look that was due meanwhile", async () => {
    const key = newKey();
    world = createPayersWorld({ accounts: [accountOf(key)], generationMs: 60_000 });
    const client = createTaskClient(world, key);
    const { taskId, pollIntervalMs = 0 } = await client.make();
    expect(pollIntervalMs).toBe(16_000);
    await world.advance(pollIntervalMs);
    expect(questionsOf(world)).toHaveLength(0);
    // The next look is that of the one who asks next.
    const still = await world.until(client.get(taskId));
    expect(still.status).toBe("working");
    expect(Date.parse(still.lastUpdatedAt) - Date.parse(still.createdAt)).toBeGreaterThanOrEqual(16_000);
    expect(questionsOf(world)).toHaveLength(1);
    await world.advance(3_600_000);
    expect(await world.until(client.get(taskId))).toMatchObject({ status: "completed" });
    expect(questionsOf(world)).toHaveLength(2);
  });
});
