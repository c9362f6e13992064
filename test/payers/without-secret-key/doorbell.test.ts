import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { callbackAddresses } from "../../../src/agent/callback-address.ts";
import { CALLBACK_PATH } from "../../../src/veo/callback-path.ts";
import { ORIGIN, type World } from "../../world.ts";
import { accountOf, createPayer, createPayersWorld, newKey } from "../payer.ts";

let world: World;
afterEach(() => world.end());

it("without SECRET_KEY no order carries an address of ours, nothing rings, and no address wakes an object", async () => {
  const key = newKey("ada");
  world = createPayersWorld({ accounts: [accountOf(key)], rings: true });
  const ada = await createPayer(world, key);
  const taskId = await ada.submit();
  expect(world.simulator.requestsTo("paid").map(({ body }) => body)).toEqual([
    expect.not.objectContaining({ callback_url: expect.anything() }),
  ]);
  const objects = async () => (await listDurableObjectIds(env.VEO_AGENT)).map(String).sort();
  const before = await objects();
  // Or it would prove nothing that no address wakes it.
  expect(before).not.toContain(String(env.VEO_AGENT.idFromName("nobody")));
  const settings = { callbacks: "on", secretKey: "0".repeat(32), publicOrigin: undefined } as const;
  const forged = callbackAddresses(settings, ORIGIN, "nobody")?.("sub_1") ?? "";
  for (const address of [forged, CALLBACK_PATH]) {
    const response = await world.fetch(address, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([404, '{"error":"not_found"}']);
  }
  expect(await objects()).toEqual(before);
  await world.advance(90_000);
  expect(world.simulator.callbacks).toEqual([]);
  expect(await ada.stateOf(taskId)).toBe("succeeded");
});

it("without SECRET_KEY, CALLBACKS=on is said to be wrong, on every path", async () => {
  world = createPayersWorld({ accounts: [], variables: { CALLBACKS: "on" } });
  for (const path of ["/mcp", "/health", `${CALLBACK_PATH}x`]) {
    const response = await world.fetch(path, { method: "POST" });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("CALLBACKS cannot be `on` without SECRET_KEY");
  }
});
