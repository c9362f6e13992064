import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OAuthStorage, StaleWriteError } from "../../src/auth/oauth-storage.ts";
import { ACCESS_KEY, type World } from "../world.ts";
import { createBrowser, handleOn } from "./browser.ts";
import { approve, callMcp, clientWithId, registerClient, signIn } from "./oauth-client.ts";
import { advanceWithSweeps, SHARDS, shardsNow } from "./object-storage.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const DAY_MS = 86_400_000;
const HOUR_SECONDS = 3600;
const OWNER = { secret: ACCESS_KEY };
const nowSeconds = () => Math.floor(Date.now() / 1000);

describe("the storage of the authorization server", () => {
  let world: World;
  const touched = new Set<string>();
  beforeEach(() => {
    touched.clear();
    const getByName = (name: string) => {
      touched.add(name);
      return env.OAUTH_STORE.getByName(name);
    };
    world = createSignInWorld({ bindings: { OAUTH_STORE: { getByName } } });
  });
  afterEach(() => world.end());

  const newStorage = () => new OAuthStorage(env.OAUTH_STORE);
  const rowsNow = async () => (await shardsNow()).flatMap(({ tables }) => tables.entry ?? []);

  it("reads what was written, as text or JSON, until it expires or is deleted", async () => {
    const storage = newStorage();
    expect(await storage.get("client:a")).toBeNull();
    await storage.put("client:a", '{"a":1}');
    expect(await storage.get("client:a")).toBe('{"a":1}');
    expect(await storage.get("client:a", "json")).toEqual({ a: 1 });
    expect(await storage.get("client:a", { type: "json" })).toEqual({ a: 1 });
    expect(await newStorage().get("client:a", "text")).toBe('{"a":1}');
    expect(await storage.get("client:A")).toBeNull();

    await storage.put("client:b", "b", { expirationTtl: 60 });
    await storage.put("client:c", "c", { expiration: nowSeconds() + 61 });
    await world.advance(59_999);
    expect(await storage.get("client:b")).toBe("b");
    await world.advance(1);
    expect([await storage.get("client:b"), await storage.get("client:c")]).toEqual([null, "c"]);
    // Written again, it lives again.
    await storage.put("client:b", "b2");
    await world.advance(DAY_MS);
    expect([await storage.get("client:b"), await storage.get("client:c")]).toEqual(["b2", null]);
    await storage.delete("client:b");
    await storage.delete("client:b");
    expect(await storage.get("client:b")).toBeNull();
  });

  it("does not have what is longer than a key may be, and keeps it from being written", async () => {
    const storage = newStorage();
    const longest = `client:${"x".repeat(505)}`;
    await storage.put(longest, "x");
    expect(await storage.get(longest)).toBe("x");
    for (const key of [`${longest}x`, `client:${"é".repeat(253)}`, `client:${"x".repeat(100_000)}`]) {
      expect(await storage.get(key)).toBeNull();
      await storage.delete(key);
      await expect(storage.put(key, "x")).rejects.toThrow(RangeError);
    }
  });

  it("lists what one person has, in pages, with its metadata", async () => {
    const storage = newStorage();
    for (const number of [3, 1, 2])
      await storage.put(`grant:ada:g${number}`, "x", { expirationTtl: 100 * number, metadata: { number } });
    for (const key of ["grant:ad_:g1", "grant:ada%:g1", "grant:adam:g1", "grant:ADA:g1"])
      await storage.put(key, "x");
    const expiration = (number: number) => nowSeconds() + 100 * number;
    const [one, two, three] = [1, 2, 3].map((number) => ({
      name: `grant:ada:g${number}`,
      expiration: expiration(number),
      metadata: { number },
    }));
    expect(await storage.list({ prefix: "grant:ada:" })).toEqual({
      keys: [one, two, three],
      list_complete: true,
    });
    const page = await storage.list({ prefix: "grant:ada:", limit: 2 });
    expect(page).toEqual({ keys: [one, two], list_complete: false, cursor: "grant:ada:g2" });
    expect(await storage.list({ prefix: "grant:ada:", limit: 2, cursor: "grant:ada:g2" })).toEqual({
      keys: [three],
      list_complete: true,
    });
    await world.advance(200_000);
    expect((await storage.list({ prefix: "grant:ada:" })).keys).toEqual([three]);
    expect(await storage.list({ prefix: "token:ada:" })).toEqual({ keys: [], list_complete: true });
    expect(await storage.list({ prefix: "grant:ad_:" })).toEqual({
      keys: [{ name: "grant:ad_:g1" }],
      list_complete: true,
    });
    // They would be in all shards, and nothing needs them.
    for (const prefix of ["", "grant:", "client:", "token:ada"])
      await expect(storage.list({ prefix })).rejects.toThrow("across shards");
  });

  it("lets one of two who read the same change it, where it counts once", async () => {
    const [first, second] = [newStorage(), newStorage()];
    const both = async (key: string) => {
      await Promise.all([first.get(key), second.get(key)]);
      return Promise.allSettled([first.put(key, "1"), second.put(key, "2")]);
    };
    for (const key of ["grant:ada:g", "transaction:t", "client-assertion-jti:j"]) {
      await newStorage().put(key, "0");
      const [won, lost] = await both(key);
      expect([won?.status, lost?.status], key).toEqual(["fulfilled", "rejected"]);
      await expect(second.put(key, "2"), key).rejects.toThrow(StaleWriteError);
      // The one who won knows what is there now, and whoever reads again may write again.
      await first.put(key, "3");
      expect(await second.get(key)).toBe("3");
      await second.put(key, "4");
    }
    // What was not there must still not be there; what has gone cannot be brought back.
    const [won, lost] = await both("client-assertion-jti:new");
    expect([won?.status, lost?.status]).toEqual(["fulfilled", "rejected"]);
    await first.get("grant:ada:g");
    await second.delete("grant:ada:g");
    await expect(first.put("grant:ada:g", "5")).rejects.toThrow(StaleWriteError);
    // A consent is consumed by deleting it.
    await first.delete("transaction:t");
    await expect(second.delete("transaction:t")).rejects.toThrow(StaleWriteError);
    // A registration is anybody's to renew.
    const clients = await both("client:c");
    expect(clients.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("takes the tokens of a grant away with it, those of no other, and those that came in between too", async () => {
    const storage = newStorage();
    const keys = ["token:ada:g:t", "token:ada:g2:t", "token:ada:g:late"];
    for (const grant of ["grant:ada:g", "grant:ada:g2"]) await storage.put(grant, "x");
    for (const key of keys) await storage.put(key, "x");
    await storage.delete("grant:ada:g");
    expect(await Promise.all(keys.map((key) => storage.get(key)))).toEqual([null, "x", null]);
  });

  it("does not take a request that is run again for a replay of its own assertion", async () => {
    const [one, other] = [newStorage(), newStorage()];
    const key = "client-assertion-jti:twice";
    expect(await one.get(key)).toBeNull();
    await one.put(key, "1");
    expect([await one.get(key), await other.get(key)]).toEqual([null, "1"]);
    await one.put(key, "1");
    await expect(newStorage().put(key, "1")).resolves.toBeUndefined();
  });

  it("writes no token whose grant is gone", async () => {
    const storage = newStorage();
    await expect(storage.put("token:ada:g:t", "x")).rejects.toThrow(StaleWriteError);
    await storage.put("grant:ada:g", "x", { expirationTtl: 60 });
    await storage.put("token:ada:g:t", "x");
    await world.advance(60_000);
    await expect(storage.put("token:ada:g:u", "x")).rejects.toThrow(StaleWriteError);
  });

  it("is 16 objects, and nothing is left of 1,200 invented credentials", async () => {
    const client = await registerClient(world);
    const before = await shardsNow();
    expect(before.filter(({ tables }) => "entry" in tables)).toHaveLength(1);
    const browser = createBrowser(world);
    for (let number = 0; number < 200; number += 1) {
      const forged = `person-${number}:grant-${number}:secret-${number}`;
      const statuses = await Promise.all([
        callMcp(world, forged).then(({ status }) => status),
        client.redeem(forged, "x".repeat(43)).then(({ status }) => status),
        client.refresh(forged).then(({ status }) => status),
        client.revoke(forged).then(({ status }) => status),
        clientWithId(world, `client-${number}`)
          .redeem(`${forged}x`, "x")
          .then(({ status }) => status),
        browser
          .open("/authorize", {
            method: "POST",
            headers: { cookie: `__Host-veo-consent-${number}=x` },
            body: new URLSearchParams({ handle: `handle-${number}`, decision: "approve" }),
          })
          .then(({ status }) => status),
      ]);
      expect(statuses).toEqual([401, 400, 400, 200, 401, 400]);
    }
    expect(await shardsNow()).toEqual(before);
    expect([...touched].sort()).toEqual([...SHARDS].sort());
    expect((await listDurableObjectIds(env.OAUTH_STORE)).length).toBeLessThanOrEqual(SHARDS.length);
  });

  /** After each sweep of a shard. */
  const hasNothingOld = async () => {
    // At most an hour passes between what lapses and the sweep that takes it out.
    for (const { tables, alarmMs } of await shardsNow())
      for (const { expiration } of tables.entry ?? []) {
        expect(alarmMs).not.toBeNull();
        expect(Number(expiration)).toBeGreaterThan(nowSeconds() - HOUR_SECONDS);
      }
  };

  it("is empty, and sleeps, when everything of 25 sign-ins has lapsed", async () => {
    for (let number = 0; number < 25; number += 1) {
      const client = await registerClient(world, { name: `App ${number}` });
      const browser = createBrowser(world);
      const { refresh_token } = await signIn(client, browser, OWNER);
      if (number % 2 === 0) await client.refresh(refresh_token);
      if (number % 3 === 0) await client.revoke(refresh_token);
      // A page that nobody answers, one that is declined, and a code that nobody redeems.
      await handleOn(await browser.open((await client.authorizeUrl()).url));
      const handle = await handleOn(await browser.open((await client.authorizeUrl()).url));
      await browser.decide({ handle, decision: "deny" });
      await approve(browser, (await client.authorizeUrl()).url, OWNER);
      if (number % 5 === 4) await advanceWithSweeps(world, 3 * HOUR_SECONDS * 1000, hasNothingOld);
    }
    expect((await rowsNow()).length).toBeGreaterThan(50);
    let sweeps = 0;
    await advanceWithSweeps(world, 91 * DAY_MS, async () => {
      sweeps += 1;
      await hasNothingOld();
    });
    expect(await rowsNow()).toEqual([]);
    expect((await shardsNow()).map(({ alarmMs }) => alarmMs)).toEqual(SHARDS.map(() => null));
    expect(sweeps).toBeLessThan(200);
  });
});
