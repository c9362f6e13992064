import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/agent/schema.ts";
import { connectModern } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

describe("the tables of an account's object", () => {
  let world: World;
  beforeEach(async () => {
    world = createWorld();
    await connectModern(world);
  });
  afterEach(() => world.end());

  // To change a table: append a version in src/agent/schema.ts, adapt the code that reads the rows, update this file.
  it("are what they were", async () => {
    const ddl = await world.inObject((_, { storage }) =>
      storage.sql
        .exec<{ sql: string }>(
          "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE '%cf\\_%' ESCAPE '\\' AND name NOT LIKE 'task\\_prompt\\__%' ESCAPE '\\' ORDER BY name",
        )
        .toArray()
        .map(({ sql }) => sql.replace(/\s+/g, " ")),
    );
    expect(ddl).toContainEqual(expect.stringContaining("CREATE TABLE task "));
    await expect(`${ddl.join(";\n")};\n`).toMatchFileSnapshot("../snapshots/schema.sql");
  });

  it("are made once, however often the object starts", async () => {
    await world.inObject((_, { storage }) => {
      migrate(storage);
      migrate(storage);
    });
    await world.evict();
    await connectModern(world);
    const versions = await world.inObject((_, { storage }) =>
      storage.sql.exec("SELECT version FROM schema_version").toArray(),
    );
    expect(versions).toEqual([{ version: 4 }]);
  });

  it("outlast a release that was rolled back, whatever it made of their number", async () => {
    await world.inObject((_, { storage }) => {
      storage.sql.exec("UPDATE schema_version SET version = 2");
      migrate(storage);
      storage.sql.exec("UPDATE schema_version SET version = 99");
      migrate(storage);
    });
    await world.evict();
    await connectModern(world);
  });
});
