import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Credential, type CredentialSettings } from "../../src/agent/credential.ts";
import { POLLING_INTERVAL_MS } from "../../src/ledger/schedule.ts";
import { createWorld, type World } from "../world.ts";

const SETTINGS: CredentialSettings = {
  deploymentToken: undefined,
  secretKey: "secret-key-of-the-tests-0123456789-0123456789",
  account: "ace-u1",
  now: () => 0,
};
const TOKEN = "token-of-the-tests-0123456789";

describe("the credential of an account's object", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  const inStorage = (look: (sql: SqlStorage, rows: () => number) => Promise<void>) =>
    world.inObject((_, { storage: { sql } }) => {
      sql.exec("CREATE TABLE IF NOT EXISTS credential (only_row INTEGER PRIMARY KEY, sealed TEXT NOT NULL)");
      return look(sql, () => sql.exec("SELECT * FROM credential").toArray().length);
    });

  it("is erased at once when it is refused, and another one that is at hand takes its place", () =>
    inStorage(async (sql, rows) => {
      let nowMs = 0;
      const credential = new Credential(sql, { ...SETTINGS, now: () => nowMs });
      await credential.during("old", async () => credential.settle(true));
      await credential.during("new", async () => {
        expect([credential.ofWatch(), credential.isStanding()]).toEqual(["old", true]);
        credential.refused("old");
        expect([rows(), credential.isStanding(), credential.ofWatch()]).toEqual([0, false, "new"]);
        credential.settle(true);
        // A look that began with the old one, and is answered only now, takes nothing from the new one.
        credential.refused("old");
        expect([rows(), credential.isStanding(), credential.ofWatch()]).toEqual([1, true, "new"]);
      });
      credential.settle(false);
      expect([rows(), credential.ofWatch()]).toEqual([0, undefined]);
      // A refused one is not kept either, and is tried again only after a while.
      await credential.during("old", async () => {
        credential.settle(true);
        expect([rows(), credential.ofWatch()]).toEqual([0, undefined]);
        nowMs = POLLING_INTERVAL_MS;
        expect(credential.ofWatch()).toBe("old");
      });
    }));

  it("replaces the one that is kept only when the upstream has taken it", () =>
    inStorage(async (sql) => {
      const credential = new Credential(sql, SETTINGS);
      await credential.during("old", async () => credential.settle(true));
      await credential.during("new", async () => credential.settle(true));
      expect(new Credential(sql, SETTINGS).ofWatch()).toBe("old");
      credential.settle(true, "new");
      expect(new Credential(sql, SETTINGS).ofWatch()).toBe("new");
    }));

  it("is tried again at once when the upstream refused it and then took it", () =>
    inStorage(async (sql) => {
      const credential = new Credential(sql, SETTINGS);
      await credential.during("key", async () => {
        credential.refused("key");
        credential.settle(true, "key");
      });
      expect(credential.ofWatch()).toBe("key");
    }));

  it("of a call is its own, whatever other calls are under way, and is there only as long as the call", () =>
    inStorage(async (sql) => {
      const credential = new Credential(sql, { ...SETTINGS, secretKey: undefined });
      const leave = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const see = () => seen.push([credential.ofCall(), credential.ofWatch()]);
      const first = credential.during("first", async () => {
        see();
        await leave.promise;
        see();
      });
      await credential.during("second", async () => see());
      await expect(credential.during("third", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
      await credential.during(undefined, async () => see());
      leave.resolve();
      await first;
      see();
      expect(seen).toEqual([
        ["first", "first"],
        ["second", "second"],
        [undefined, "first"],
        ["first", "first"],
        [undefined, undefined],
      ]);
    }));

  it("is the deployment's own where it has one: nothing else is used or kept, and what was kept is erased", () =>
    inStorage(async (sql, rows) => {
      const before = new Credential(sql, SETTINGS);
      await before.during(TOKEN, async () => before.settle(true));
      expect(rows()).toBe(1);
      const credential = new Credential(sql, { ...SETTINGS, deploymentToken: "own" });
      expect([rows(), credential.isStanding()]).toEqual([0, true]);
      await credential.during(TOKEN, async () => {
        credential.settle(true, TOKEN);
        expect([credential.ofCall(), credential.ofWatch(), rows()]).toEqual(["own", "own", 0]);
      });
      // A refusal of it takes nothing away: the watch stops, since the same one would be asked with again.
      credential.refused("own");
      expect(credential.ofWatch()).toBe("own");
    }));
});
