import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate, VERSIONS } from "../../src/agent/schema.ts";
import { connectLegacy, type TestClient } from "../clients.ts";
import { tablesOf } from "../stored-tables.ts";
import { createWorld, type World } from "../world.ts";

/** What later versions added to tables that were there, as rows have it that are older than it. */
const ADDED = {
  task: {
    cancel_requested: 0,
    settled_at_ms: null,
    rings: null,
    rang_at_ms: null,
    lost_at_ms: null,
    absent_at_ms: null,
    payer_hash: null,
    credits: null,
    settlement: null,
  },
  session: { stream_closed_at_ms: null },
};
/** The tables that a version began with; the later ones of them are left out of the earlier versions. */
const TABLES = [
  "task",
  "video",
  "lookup",
  "trouble",
  "session",
  "credential",
  "doorbell",
  "subscription",
  "usage",
  "health_check",
];
const SECOND = 1000;

const columnsOf = ({ sql }: DurableObjectStorage, table: string): string[] =>
  sql
    .exec<{ name: string }>("SELECT name FROM pragma_table_info(?)", table)
    .toArray()
    .map(({ name }) => name);

/** Makes an object what a release of that version would have left: its tables, and of the rows what they have room for. */
function goBack(storage: DurableObjectStorage, version: number): void {
  const { sql } = storage;
  const rows = tablesOf(storage);
  const words = sql.exec("SELECT position AS rowid, request ->> 'prompt' AS words FROM task").toArray();
  for (const table of [...TABLES, "task_prompt", "schema_version"]) sql.exec(`DROP TABLE ${table}`);
  for (const ddl of VERSIONS.slice(0, version)) sql.exec(ddl);
  sql.exec("CREATE TABLE schema_version (version INTEGER NOT NULL)");
  const insert = (table: string, row: Record<string, SqlStorageValue>) => {
    const columns = [...columnsOf(storage, table), "rowid"].filter((column) => column in row);
    if (columns.length > 0)
      sql.exec(
        `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => "?")})`,
        ...columns.map((column) => row[column] ?? null),
      );
  };
  insert("schema_version", { version });
  for (const row of words) insert("task_prompt", row);
  for (const table of TABLES) for (const row of rows[table] ?? []) insert(table, row);
}

describe.each(VERSIONS.map((_, index) => index + 1))("an object of version %i of the tables", (version) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 60_000 });
    client = await connectLegacy(world);
    await fill();
    await world.inObject((_, { storage }) => goBack(storage, version));
  });
  afterEach(() => world.end());

  const make = (prompt: string, key?: string) =>
    client.callTool("veo_text_to_video", { prompt, ...(key !== undefined && { idempotency_key: key }) });
  const list = async (args = {}) => (await client.callTool("veo_list_tasks", args)).structuredContent;

  /** Has a row in every table, and a task in every state. */
  async function fill(): Promise<void> {
    await world.until(make("[sync] a heron", "first"), 0);
    await world.until(make("[reject] an otter"), 0);
    world.simulator.configure({ generationMs: 5 * SECOND });
    await world.until(make("[fail] a moth"), 0);
    await world.advance(30 * SECOND);
    world.simulator.configure({ generationMs: 60 * SECOND });
    await world.until(make("a fox"), 0);
    // Its object dies before the answer comes.
    world.simulator.inject({ kind: "hang", match: "paid", when: "after" });
    const cutOff = make("a whale").catch(() => undefined);
    await world.settle();
    await world.crash();
    await cutOff;
    const untilMs = Date.now() + 10 * SECOND;
    await world.inObject((_, { storage: { sql } }) => {
      sql.exec("INSERT INTO lookup VALUES ('task:gone', '{\"ids\":[\"gone\"]}', NULL, ?, '[]')", Date.now());
      sql.exec('INSERT INTO trouble VALUES (1, 2, \'{"kind":"unreachable"}\', ?, ?)', Date.now(), untilMs);
      sql.exec("INSERT INTO health_check VALUES (1, ?, NULL)", Date.now());
      sql.exec("INSERT INTO credential VALUES (1, 'sealed')");
      sql.exec("INSERT INTO doorbell VALUES (1, ?)", Date.now());
      sql.exec("INSERT INTO subscription SELECT session_id, 'veo://tasks/x', 5 FROM session");
      // As a task that was given up.
      sql.exec(
        `INSERT INTO task (position, submission_id, state, tool, request, videos, created_at_ms)
         VALUES (?1 * 1000, 'sub_00000000000000000000000000000000', 'unknown', NULL, '{"prompt":"雪"}', '[]', ?1)`,
        Date.now() - 86_400 * SECOND,
      );
    });
  }

  it("has every row, in every column, after an upgrade", async () => {
    const [before, after] = await world.inObject((_, { storage }) => {
      const tables = tablesOf(storage);
      migrate(storage);
      return [tables, tablesOf(storage)];
    });
    for (const [table, rows] of Object.entries(before)) {
      if (TABLES.includes(table)) expect(rows.length, table).toBeGreaterThan(0);
      const added = Object.entries(ADDED).find(([name]) => name === table)?.[1] ?? {};
      if (table !== "schema_version")
        expect(after[table], table).toEqual(rows.map((row) => ({ ...added, ...row })));
    }
    expect(before.task?.map(({ state }) => state)).toEqual([
      "unknown",
      "succeeded",
      "failed",
      "failed",
      "processing",
      "submitting",
    ]);
    expect(after.schema_version).toEqual([{ version: VERSIONS.length }]);
    expect(Object.keys(after)).toEqual(expect.arrayContaining(TABLES));
  });

  it("knows what was ordered before", async () => {
    await world.evict();
    const { structuredContent } = await client.callTool("veo_get_usage");
    // The one that the upstream refused cost nothing.
    const ordered = {
      generations: 4,
      by: [{ tool: "veo_text_to_video", model: "veo31-fast", generations: 4 }],
    };
    expect(structuredContent).toMatchObject({ today: ordered, last_30_days: ordered });
  });

  it("goes on: the session is known, what is open is watched to its end, and the rest is found", async () => {
    await world.evict();
    expect(await list()).toMatchObject({ count: 6 });
    expect(await list({ query: "heron" })).toMatchObject({ tasks: [{ state: "succeeded", videos: [{}] }] });
    await make("[sync] a heron", "first");
    await world.advance(180 * SECOND);
    expect(await list({ query: "whale" })).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
    expect(await list({ query: "fox" })).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
    expect(await list()).toMatchObject({ count: 6 });
    expect(world.paidCalls()).toBe(5);
  });
});
