import { afterEach, describe, expect, it } from "vitest";
import { readLog } from "../../log-lines.ts";
import type { World } from "../../world.ts";
import { createAcedataWorld, signInWithKey } from "../acedata.ts";
import { accountOf, checksOf, createPayersWorld, newKey } from "../payer.ts";

const deep = (world: World, token: string) =>
  world.until(world.fetch("/health?deep=1", { headers: { authorization: `Bearer ${token}` } }));

describe("GET /health?deep=1 where everybody pays for themselves", () => {
  let world: World;
  afterEach(() => world.end());

  it("asks with the caller's own key, and tells nobody of another's", async () => {
    const [good, bad] = [newKey("ada"), newKey("bob")];
    world = createPayersWorld({ accounts: [accountOf(good), accountOf(bad)] });
    // The door asks about a key that it does not know, once; the object asks once a minute.
    const check = async (key: string) => {
      const response = await deep(world, key);
      return { status: response.status, text: await response.text() };
    };
    expect(await check(good)).toMatchObject({ status: 200 });
    expect(await check(good)).toMatchObject({ status: 200 });
    expect(checksOf(world)).toHaveLength(2);
    world.simulator.inject({
      kind: "status",
      match: "tasks",
      skip: 1,
      status: 401,
      code: "invalid_token",
      message: `no ${bad}`,
    });
    const refused = await check(bad);
    expect(refused.status).toBe(503);
    expect(JSON.parse(refused.text)).toMatchObject({
      mode: "passthrough",
      upstream: { code: "unauthorized", next_step: expect.stringContaining("Your own AceDataCloud API key") },
    });
    expect(refused.text).not.toContain(bad);
    expect(await check(good)).toMatchObject({ status: 200 });
    expect(checksOf(world)).toHaveLength(4);
  });

  it("is shut to a key that the upstream refuses, whose check is no warning in the log", async () => {
    world = createPayersWorld({ accounts: [], variables: { LOG_LEVEL: "info" } });
    const lines = readLog();
    world.simulator.inject({ kind: "status", match: "tasks", status: 401, code: "invalid_token" });
    const key = newKey();
    const response = await deep(world, key);
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      401,
      expect.stringContaining("AceDataCloud does not accept this key"),
    ]);
    await response.text();
    const took = expect.any(Number);
    expect(lines.take()).toEqual([
      {
        event: "upstream_request",
        level: "info",
        path: "/veo/tasks",
        outcome: "status",
        status: 401,
        duration_ms: took,
        trace_id: expect.any(String),
      },
      {
        event: "refused",
        level: "info",
        path: "/health",
        status: 401,
        code: "invalid_token",
        category: expect.any(String),
        reason: expect.any(String),
        duration_ms: took,
      },
    ]);
    expect(lines.text()).not.toContain(key);
  });

  it("is for who signed in at AceDataCloud, with the key that the sign-in found", async () => {
    const acedata = createAcedataWorld();
    ({ world } = acedata);
    const key = newKey("u1");
    const token = await signInWithKey(acedata, key);
    const response = await deep(world, token);
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ mode: "acedata", upstream: expect.objectContaining({ status: "ok" }) }),
    ]);
    expect(checksOf(world).at(-1)?.token).toBe(key);
  });
});
