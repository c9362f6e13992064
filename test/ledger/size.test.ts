import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TaskStore } from "../../src/ledger/task-store.ts";
import { connectModern } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import { countedSql } from "./counted-sql.ts";
import {
  addTasks,
  createdAtMs,
  makeFewSpecial,
  positionOf,
  submissionIdOf,
  taskIdOf,
  videoIdOf,
} from "./many-tasks.ts";

const FEW = 100;
const MANY = 100_000;
/** Cloudflare's limit for the storage of one object. */
const MOST_BYTES = 10 * 1024 ** 3;
const PAGE = 21;

const olderThan = (ms: number) => ({ createdBeforeMs: ms, unsettledBeforeMs: ms, lookedUntilMs: ms });

type Question = (tasks: TaskStore, size: number) => unknown;

/** What the server asks of the rows: what each tool call, each write and each alarm round does. */
const QUESTIONS: Record<string, Question> = {
  "get, by task id": (tasks) => tasks.byTaskId(taskIdOf(50)),
  "get, by submission id": (tasks) => tasks.bySubmissionId(submissionIdOf(51)),
  "get, by trace id": (tasks) => tasks.byTraceId("trace-00000032"),
  "get, by the id of its video": (tasks) => tasks.byVideoId(videoIdOf(50)),
  "get, an id that is not there": (tasks) => tasks.byTaskId("nobody's"),
  "list, the first page": (tasks) => tasks.page({}, PAGE),
  "list, a page in the middle": (tasks, size) => tasks.page({}, PAGE, positionOf(size / 2)),
  "list, the last page": (tasks) => tasks.page({}, PAGE, positionOf(5)),
  "list, by a state that most are in": (tasks) => tasks.page({ state: "succeeded" }, PAGE),
  "list, the same from the middle": (tasks, size) =>
    tasks.page({ state: "succeeded" }, PAGE, positionOf(size / 2)),
  "list, by a state that few are in": (tasks) => tasks.page({ state: "failed" }, PAGE),
  "list, by a state that none is in": (tasks) => tasks.page({ state: "unknown" }, PAGE),
  "list, by a tool that made most": (tasks) => tasks.page({ tool: "veo_text_to_video" }, PAGE),
  "list, by a tool that made few": (tasks) => tasks.page({ tool: "veo_reshoot" }, PAGE),
  "list, by a common tool and a rare state": (tasks) =>
    tasks.page({ tool: "veo_text_to_video", state: "failed" }, PAGE),
  "list, by a rare tool and a common state": (tasks) =>
    tasks.page({ tool: "veo_reshoot", state: "succeeded" }, PAGE),
  "list, by a word of every prompt": (tasks) => tasks.page({ query: "cinematic" }, PAGE),
  "list, the same from the middle by a word": (tasks, size) =>
    tasks.page({ query: "cinematic" }, PAGE, positionOf(size / 2)),
  "list, by two words": (tasks) => tasks.page({ query: "red fox" }, PAGE),
  "list, by a word of one prompt": (tasks) => tasks.page({ query: "clip00000032" }, PAGE),
  "list, by a word of none": (tasks) => tasks.page({ query: "submarine" }, PAGE),
  "list, by words, a common state and a common tool": (tasks) =>
    tasks.page({ query: "cinematic", state: "succeeded", tool: "veo_text_to_video" }, PAGE),
  "list, between two dates": (tasks) =>
    tasks.page({ createdFromMs: createdAtMs(10), createdToMs: createdAtMs(60) }, PAGE),
  "complete, any task id": (tasks) => tasks.taskIds("", 20),
  "complete, the beginning of a task id": (tasks) => tasks.taskIds(taskIdOf(50), 20),
  "complete, any video id": (tasks) => tasks.videoIds("", 20),
  "submit, the key": (tasks) => tasks.byIdempotencyKey("key-00000032"),
  "submit, a twin on its way": (tasks) => tasks.submittingLike("twin"),
  "submit, how many are in flight": (tasks) => tasks.countInFlight(),
  "submit, a position": (tasks) => tasks.positionFor(createdAtMs(50)),
  "alarm, when the next is due": (tasks) => tasks.nextDueMs(),
  "alarm, what is due": (tasks) => tasks.due(Date.now()),
  "alarm, what is lost": (tasks) => tasks.page({ state: "submitting" }, 1000),
  "alarm, what the budget is to be told": (tasks) => tasks.unsettled(50),
  "retention, when": (tasks) => tasks.oldestEnded(),
  "retention, where nothing is old": (tasks) => tasks.forgetEnded(olderThan(createdAtMs(0)), 20),
};

/** Where there is nothing to find, there may be nothing to read. */
const IN_VAIN = /none|not there|nothing/;

describe("100,000 tasks in one account", () => {
  let world: World;
  const rowsRead = new Map<string, { few: number; many: number }>();
  beforeAll(async () => {
    world = createWorld();
    await connectModern(world);
    await world.inObject((_, { storage: { sql } }) => {
      addTasks(sql, 0, FEW);
      makeFewSpecial(sql);
      const few = Object.entries(QUESTIONS).map(([what, ask]) => [what, rowsOf(sql, ask, FEW)] as const);
      addTasks(sql, FEW, MANY);
      for (const [what, rows] of few)
        rowsRead.set(what, { few: rows, many: rowsOf(sql, QUESTIONS[what] ?? (() => {}), MANY) });
    });
  }, 120_000);
  afterAll(() => world.end());

  /** By SQLite's own count. */
  function rowsOf(sql: SqlStorage, ask: Question, size = MANY): number {
    const counted = countedSql(sql);
    ask(new TaskStore(counted.sql), size);
    return counted.rowsRead();
  }
  const inMany = (ask: Question) => world.inObject((_, { storage }) => rowsOf(storage.sql, ask));

  it.each(Object.keys(QUESTIONS))("are no more rows to read than a hundred: %s", (what) => {
    const { few, many } = rowsRead.get(what) ?? { few: 0, many: Number.NaN };
    expect(many).toBeLessThanOrEqual(few);
    expect(few).toBeGreaterThanOrEqual(IN_VAIN.test(what) ? 0 : 1);
    // A page, or ten that are due; with words, each task is a row in two tables.
    expect(few).toBeLessThanOrEqual(3 * PAGE);
  });

  it("cost what is skipped, or found in vain, where an index cannot help", async () => {
    expect(await inMany((tasks) => tasks.page({}, PAGE, undefined, 500))).toBeLessThanOrEqual(500 + PAGE);
    const rare = await inMany((tasks) => tasks.page({ query: "heron", state: "failed" }, PAGE));
    expect(rare).toBeLessThanOrEqual((2 * MANY) / 5);
  });

  it("are forgotten twenty at a time for a few rows each", async () => {
    const forget = await inMany((tasks) => tasks.forgetEnded(olderThan(Date.now()), 20));
    expect(forget).toBeLessThanOrEqual(20 * 6);
  });

  it("take a fiftieth of the room that an object has", async () => {
    const { bytes, tasks } = await world.inObject((_, { storage: { sql } }) => ({
      bytes: sql.databaseSize,
      tasks: sql.exec<{ n: number }>("SELECT count(*) AS n FROM task").one().n,
    }));
    expect(tasks).toBeGreaterThan(MANY - 100);
    expect(bytes).toBeLessThan(MOST_BYTES / 50);
  });
});
