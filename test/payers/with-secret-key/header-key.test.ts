import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { callMcp } from "../../auth/oauth-client.ts";
import { LANES } from "../../clients.ts";
import type { FaultInput } from "../../simulator/faults.ts";
import { ORIGIN, type World } from "../../world.ts";
import {
  accountOf,
  checksOf,
  createPayer,
  createPayersWorld,
  errorOf,
  newKey,
  questionsOf,
} from "../payer.ts";

const MINUTE_MS = 60_000;
const CHALLENGE = `Bearer realm="OAuth", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp"`;

describe.each(LANES)("an AceDataCloud key in the header, $lane", ({ connect }) => {
  let world: World;
  afterEach(() => world.end());

  it("pays, has an account of its own, and neither sees nor asks for anything of another key's", async () => {
    const newAccounts = await countingNew(env.VEO_AGENT);
    const [mine, theirs] = [newKey("ada"), newKey("bob")];
    world = createPayersWorld({ accounts: [accountOf(mine), accountOf(theirs)] });
    const ada = await createPayer(world, mine, connect);
    const bob = await createPayer(world, theirs, connect);
    const taskId = await ada.submit("a heron");
    await world.advance(90_000);
    expect(await ada.stateOf(taskId)).toBe("succeeded");
    expect(world.simulator.requestsTo("paid").map(({ token }) => token)).toEqual([mine]);
    expect(questionsOf(world).every(({ token }) => token === mine)).toBe(true);

    expect((await bob.call("veo_list_tasks")).structuredContent).toMatchObject({ count: 0 });
    expect((await bob.call("veo_get_tasks_batch")).structuredContent).toMatchObject({ count: 0 });
    expect(errorOf(await bob.call("veo_get_task", { task_id: taskId }))).toMatchObject({ code: "not_found" });
    await expect(bob.client.readResource(`veo://tasks/${taskId}`)).rejects.toThrow("Resource not found");
    const asBob = questionsOf(world).filter(({ token }) => token === theirs);
    // His own history, and the id that he named.
    expect(asBob).toHaveLength(2);

    expect(await newAccounts()).toBe(2);
    for (const key of [mine, theirs])
      expect(await world.inObject((agent) => agent.name, accountOf(key))).toMatch(/^key-[0-9a-f]{32}$/);
  });
});

describe("an AceDataCloud key in the header", () => {
  let world: World;
  /** The objects of people that are there since the test began: a reset empties them, and goes on listing them. */
  let newAccounts: () => Promise<number>;
  beforeEach(async () => {
    world = createPayersWorld({ accounts: [] });
    newAccounts = await countingNew(env.VEO_AGENT);
  });
  afterEach(() => world.end());

  const call = (key: string, headers: Record<string, string> = {}) =>
    callMcp(world, key, "tools/list", {}, headers);
  const statusOf = async (key: string, headers?: Record<string, string>) => {
    const response = await call(key, headers);
    await response.text();
    return response.status;
  };
  it.each([
    [401, "invalid_token"],
    [401, "token_expired"],
    [400, "token_mismatched"],
    [400, "no_token"],
    [403, "forbidden"],
    [200, "invalid_token"],
  ])(
    "that the upstream refuses with %i %s is answered 401 with a challenge, and makes no object",
    async (status, code) => {
      const key = newKey();
      const text = JSON.stringify({ error: { code, message: `bad token ${key}` } });
      world.simulator.inject({ kind: "body", status, text, match: "tasks" });
      const response = await call(key);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain(CHALLENGE);
      expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
      expect(await response.text()).not.toContain(key);
      expect([checksOf(world).length, await newAccounts()]).toEqual([1, 0]);
    },
  );

  it.each<[string, FaultInput]>([
    ["404 with a page", { kind: "html", status: 404 }],
    ["404 with a word", { kind: "body", status: 404, text: '{"detail":"no"}' }],
    ["an error nobody has heard of", { kind: "body", status: 200, text: '{"error":{"code":"new"}}' }],
    ["an empty object", { kind: "body", status: 200, text: "{}" }],
    ["null", { kind: "body", status: 200, text: "null" }],
    ["a detail", { kind: "body", status: 200, text: '{"detail":"bad key"}' }],
  ])("that the upstream answers with %s is not let in: only a list is proof", async (_what, fault) => {
    world.simulator.inject({ ...fault, match: "tasks" });
    expect([await statusOf(newKey()), await newAccounts()]).toEqual([503, 0]);
  });

  it("is good when the upstream says that its balance is used up", async () => {
    world.simulator.inject({ kind: "status", status: 403, code: "used_up", match: "tasks" });
    expect(await statusOf(newKey())).toBe(200);
  });

  it.each([
    ["too short", "a".repeat(15)],
    ["too long", "a".repeat(513)],
    ["with a word behind it", `${newKey()} more`],
    ["with letters that no key has", `${"a".repeat(16)}!$%&`],
    ["beyond ASCII", `${"a".repeat(16)}\u00e9`],
    ["like a token of ours", `key-${"0".repeat(32)}:grant:${"a".repeat(32)}`],
    ["of ten kilobytes", "a".repeat(10_240)],
    ["empty", ""],
  ])("that is %s never reaches the upstream", async (_what, key) => {
    expect(await statusOf(key)).toBe(401);
    expect([world.simulator.requests, await newAccounts()]).toEqual([[], 0]);
  });

  it("is asked about once in a quarter of an hour when it is good, and once a minute when it is not", async () => {
    const [good, bad] = [newKey("good"), newKey("bad")];
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", token: bad, times: "forever" });
    const both = async () => [await statusOf(good), await statusOf(bad)];
    const asked = () => [good, bad].map((key) => checksOf(world).filter(({ token }) => token === key).length);
    for (let turn = 0; turn < 5; turn += 1) expect(await both()).toEqual([200, 401]);
    expect(asked()).toEqual([1, 1]);
    for (let minute = 1; minute < 15; minute += 1) {
      vi.setSystemTime(Date.now() + MINUTE_MS);
      expect(await both()).toEqual([200, 401]);
    }
    expect(asked()).toEqual([1, 15]);
    // Mended, and taken back.
    world.simulator.clearFaults();
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", token: good, times: "forever" });
    vi.setSystemTime(Date.now() + MINUTE_MS);
    expect(await both()).toEqual([401, 200]);
    expect(asked()).toEqual([2, 16]);
  });

  it.each<[string, FaultInput]>([
    ["answers 500", { kind: "status", status: 500 }],
    ["answers with a gateway's page", { kind: "html" }],
    ["answers half a JSON", { kind: "truncated" }],
    ["breaks the connection", { kind: "drop" }],
    ["says nothing for ten seconds", { kind: "hang" }],
    ["is busy", { kind: "status", status: 429, code: "too_many_requests" }],
  ])("while the upstream %s: a new one has to wait, and one that was good goes on", async (_what, fault) => {
    const [known, unknown] = [newKey("known"), newKey("unknown")];
    expect(await statusOf(known)).toBe(200);
    const objects = await newAccounts();
    vi.setSystemTime(Date.now() + 20 * MINUTE_MS);
    world.simulator.inject({ ...fault, match: "tasks", times: "forever" });
    const patiently = async (key: string) => {
      let isOver = false;
      const answer = call(key).finally(() => {
        isOver = true;
      });
      // In the Worker, whose timers these are, and not in an object as `world.advance()` does.
      while (!isOver) await vi.advanceTimersByTimeAsync(1000);
      return answer;
    };
    const waits = await patiently(unknown);
    expect([waits.status, waits.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(await waits.json()).toMatchObject({ error: "temporarily_unavailable" });
    expect(await newAccounts()).toBe(objects);
    expect((await patiently(known)).status).toBe(200);
    // Not held up by a question for every call: within a minute nobody asks again.
    const asked = checksOf(world).length;
    for (let turn = 0; turn < 5; turn += 1) expect(await statusOf(known)).toBe(200);
    expect(checksOf(world)).toHaveLength(asked);
    // Nor is it forgotten that it was good, for as long as that lasts.
    vi.setSystemTime(Date.now() + 20 * MINUTE_MS);
    expect((await patiently(known)).status).toBe(200);
    world.simulator.clearFaults();
    world.simulator.inject({ kind: "status", status: 401, match: "tasks" });
    vi.setSystemTime(Date.now() + MINUTE_MS);
    expect(await statusOf(known)).toBe(401);
  });

  it("that somebody invents costs the upstream at most 60 questions a minute and address, and no object ever", async () => {
    const newShards = await countingNew(env.OAUTH_STORE);
    const limiter = createLimiter(60);
    const variables = { AUTH_MODE: "passthrough", AUTH_RATE_LIMIT: limiter };
    world.deploy(variables);
    const good = newKey("good");
    const [here, elsewhere] = ["203.0.113.7", "203.0.113.8"].map((address) => ({
      "cf-connecting-ip": address,
    }));
    expect(await statusOf(good, here)).toBe(200);
    const objects = await newAccounts();
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", times: "forever" });
    const attack = async (count: number) => {
      const before = checksOf(world).length;
      const statuses = new Map<number, number>();
      for (let turn = 0; turn < count; turn += 1) {
        const response = await call(newKey("nobody"), here);
        await response.text();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        if (response.status === 429) expect(response.headers.get("retry-after")).toBe("60");
      }
      return { asked: checksOf(world).length - before, statuses };
    };
    const first = await attack(1000);
    expect(first.asked).toBeGreaterThan(0);
    expect(first.asked).toBeLessThanOrEqual(60);
    expect([...first.statuses.keys()].sort()).toEqual([401, 429]);
    // Whoever is known is not held up, nor is anybody else's address.
    expect(await statusOf(good, here)).toBe(200);
    expect(await statusOf(newKey("nobody"), elsewhere)).toBe(401);
    vi.setSystemTime(Date.now() + MINUTE_MS);
    const second = await attack(100);
    expect(second.asked).toBeGreaterThan(0);
    expect(second.asked).toBeLessThanOrEqual(60);
    expect(await newAccounts()).toBe(objects);
    expect(await newShards()).toBe(0);
    world.simulator.clearFaults();
    expect(await statusOf(good, here)).toBe(200);
  });
});

/** @returns how to count the objects that have come since. */
async function countingNew(namespace: DurableObjectNamespace): Promise<() => Promise<number>> {
  const ids = async () => new Set((await listDurableObjectIds(namespace)).map(String));
  const before = await ids();
  return async () => (await ids()).difference(before).size;
}

/** Counts as the binding does, by the test's clock. */
function createLimiter(most: number): RateLimit {
  const counts = new Map<string, number>();
  return {
    async limit({ key }) {
      const window = `${key}@${Math.floor(Date.now() / MINUTE_MS)}`;
      counts.set(window, (counts.get(window) ?? 0) + 1);
      return { success: (counts.get(window) ?? 0) <= most };
    },
  };
}
