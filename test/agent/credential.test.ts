import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Credential, type CredentialSettings } from "../../src/agent/credential.ts";
import { createWorld, type World } from "../world.ts";

const SETTINGS: CredentialSettings = {
  deploymentToken: undefined,
  secretKey: "secret-key-of-the-tests-0123456789-0123456789",
  account: "ace-u1",
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

  it("goes on being kept and erased after a change that failed", () =>
    inStorage(async (sql, rows) => {
      const credential = new Credential(sql, SETTINGS);
      const fails = credential.during(TOKEN, () =>
        credential.lend(() =>
          credential.settle(() => {
            throw new Error("no rows today");
          }),
        ),
      );
      await expect(fails).rejects.toThrow("no rows today");
      await credential.during(TOKEN, () => credential.lend(() => credential.settle(() => true)));
      expect([rows(), credential.ofWatch()]).toEqual([1, TOKEN]);
      await credential.settle(() => false);
      expect([rows(), credential.ofWatch()]).toEqual([0, undefined]);
    }));

  it("is not written down when the last task ends while it is being sealed, nor when it is refused meanwhile", () =>
    inStorage(async (sql, rows) => {
      const credential = new Credential(sql, SETTINGS);
      let isInFlight = true;
      await credential.during(TOKEN, () =>
        credential.lend(async () => {
          const settled = credential.settle(() => isInFlight);
          await Promise.resolve();
          isInFlight = false;
          await settled;
          expect(rows()).toBe(0);
          isInFlight = true;
          const again = credential.settle(() => isInFlight);
          await Promise.resolve();
          expect(credential.refused(TOKEN)).toBe(false);
          await again;
          expect([rows(), credential.ofWatch()]).toEqual([0, undefined]);
          credential.forgive();
          expect(credential.ofWatch()).toBe(TOKEN);
        }),
      );
      expect(credential.ofWatch()).toBeUndefined();
    }));

  it("is erased at once when it is refused, and another one that is at hand takes its place", () =>
    inStorage(async (sql, rows) => {
      const credential = new Credential(sql, SETTINGS);
      const keeping = () => credential.lend(() => credential.settle(() => true));
      await credential.during("old", keeping);
      await credential.during("new", () =>
        credential.lend(async () => {
          expect([credential.ofWatch(), credential.isStanding()]).toEqual(["old", true]);
          expect(credential.refused("old")).toBe(true);
          expect([rows(), credential.isStanding(), credential.ofWatch()]).toEqual([0, false, "new"]);
          await credential.settle(() => true);
          // A look that began with the old one, and is answered only now, takes nothing from the new one.
          credential.refused("old");
          expect([rows(), credential.isStanding(), credential.ofWatch()]).toEqual([1, true, "new"]);
        }),
      );
      await credential.settle(() => false);
      expect([rows(), credential.ofWatch(), credential.hasUntried()]).toEqual([0, undefined, false]);
    }));

  it("of a call is its own, whatever other calls are under way, and is lent only while it works", () =>
    inStorage(async (sql) => {
      const credential = new Credential(sql, { ...SETTINGS, secretKey: undefined });
      const leave = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const see = () => seen.push([credential.ofCall(), credential.ofWatch()]);
      const first = credential.during("first", () =>
        credential.lend(async () => {
          see();
          await leave.promise;
          see();
        }),
      );
      await credential.during("second", async () => {
        see();
        await credential.lend(async () => see());
        see();
      });
      await expect(
        credential.during("third", () => credential.lend(() => Promise.reject(new Error("no")))),
      ).rejects.toThrow();
      leave.resolve();
      await first;
      see();
      expect(seen).toEqual([
        ["first", "first"],
        ["second", "first"],
        ["second", "second"],
        ["second", "first"],
        ["first", "first"],
        [undefined, undefined],
      ]);
    }));

  it("is the deployment's own where it has one: nothing else is used or kept, and what was kept is erased", () =>
    inStorage(async (sql, rows) => {
      const before = new Credential(sql, SETTINGS);
      await before.during(TOKEN, () => before.lend(() => before.settle(() => true)));
      expect(rows()).toBe(1);
      const credential = new Credential(sql, { ...SETTINGS, deploymentToken: "own" });
      await credential.restore();
      expect([rows(), credential.isStanding()]).toEqual([0, true]);
      await credential.during(TOKEN, () =>
        credential.lend(async () => {
          await credential.settle(() => true, TOKEN);
          expect([credential.ofCall(), credential.ofWatch(), rows()]).toEqual(["own", "own", 0]);
        }),
      );
      // A refusal of it stops the watch, and nothing takes its place.
      expect([credential.refused("own"), credential.hasUntried(), credential.ofWatch()]).toEqual([
        false,
        false,
        "own",
      ]);
    }));
});
