import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES } from "../../clients.ts";
import type { World } from "../../world.ts";
import { accountOf, createPayer, createPayersWorld, newKey, type Payer } from "../payer.ts";

describe.each(LANES)("a held call of a caller who brings the key, $lane", ({ connect }) => {
  let world: World;
  let ada: Payer;
  beforeEach(async () => {
    const key = newKey("ada");
    world = createPayersWorld({ accounts: [accountOf(key)] });
    ada = await createPayer(world, key, connect);
  });
  afterEach(() => world.end());

  // With progress the answer is a stream, which is there long before the call is over.
  it.each([
    ["without progress", {}],
    ["with progress", { onprogress: () => undefined }],
  ])("is looked for with that key until it is over, %s", async (_title, options) => {
    const taskId = await ada.submit();
    await world.advance(16_000);
    const held = ada.client.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 }, options);
    expect((await world.until(held)).structuredContent?.state).toBe("succeeded");
  });
});
