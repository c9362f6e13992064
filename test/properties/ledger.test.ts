import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Task, TaskState } from "../../src/ledger/task.ts";
import { type TaskFilter, TaskStore } from "../../src/ledger/task-store.ts";
import { adopted } from "../../src/ledger/transitions.ts";
import { cursorOf, positionOf } from "../../src/tools/task-cursor.ts";
import type { PaidTool } from "../../src/veo/capabilities.ts";
import { observeRecord } from "../../src/veo/observation.ts";
import { connectModern } from "../clients.ts";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";
import { NOW_MS, odd, oddly, record, submitted } from "./arbitraries.ts";

let world: World;
beforeAll(async () => {
  world = createWorld();
  await connectModern(world);
});
afterAll(() => world.end());

/** Runs in the object, with the rows of tasks that a property begins without. */
const withTasks = (prove: (begin: () => TaskStore) => void) =>
  world.inObject((_, { storage: { sql } }) =>
    prove(() => {
      for (const table of ["task", "task_prompt", "video"]) sql.exec(`DELETE FROM ${table}`);
      return new TaskStore(sql);
    }),
  );

const tool = fc.constantFrom<PaidTool>("veo_text_to_video", "veo_reshoot");
const state = fc.constantFrom<TaskState>("processing", "succeeded", "failed");
/** Few moments, so that many tasks share one. */
const made = fc.record({
  afterMs: fc.nat({ max: 5 }),
  prompt: fc.constantFrom("a red fox", "a red heron", "雪中的狐狸"),
  state,
  tool,
});
const filter: fc.Arbitrary<TaskFilter> = fc.record(
  {
    state,
    tool,
    query: fc.constantFrom("red", "fox", "狐", "wolf"),
    createdFromMs: fc.nat({ max: 5 }).map((ms) => NOW_MS + ms),
    createdToMs: fc.nat({ max: 5 }).map((ms) => NOW_MS + ms),
  },
  { requiredKeys: [] },
);
/** What happens between two pages: tasks come, of this moment or an earlier one, and go. */
const meanwhile = fc.record({
  come: fc.array(made, { maxLength: 3 }),
  go: fc.array(fc.nat(), { maxLength: 2 }),
});

it("pages that follow their cursors show what is there all the time once, newest first, and nothing twice", () =>
  withTasks((begin) => {
    const reading = fc.record({
      before: fc.array(made, { maxLength: 25 }),
      filter,
      limit: fc.integer({ min: 1, max: 6 }),
      between: fc.array(meanwhile, { minLength: 1, maxLength: 6 }),
    });
    fc.assert(
      fc.property(reading, ({ before, filter, limit, between }) => {
        const tasks = begin();
        let count = 0;
        const add = ({ afterMs, prompt, ...rest }: typeof made extends fc.Arbitrary<infer T> ? T : never) => {
          const createdAtMs = NOW_MS + afterMs;
          count += 1;
          const position = tasks.positionFor(createdAtMs);
          tasks.insert(submitted(count, createdAtMs, { ...rest, position, request: { prompt } }));
        };
        before.forEach(add);
        const steady = new Set(tasks.page(filter, 100).map(({ position }) => position));
        const shown: number[] = [];
        for (let page = 0, cursor: string | undefined; page === 0 || cursor !== undefined; page += 1) {
          expect(page, "there is an end to it").toBeLessThan(100);
          const found = tasks.page(
            filter,
            limit + 1,
            cursor === undefined ? undefined : (positionOf(cursor) ?? 0),
          );
          const positions = found.slice(0, limit).map(({ position }) => position);
          shown.push(...positions);
          const last = positions.at(-1);
          cursor = found.length > limit && last !== undefined ? cursorOf(last) : undefined;
          const { come, go } = between[page] ?? { come: [], go: [] };
          for (const index of go) {
            const all = tasks.page({}, 100);
            const gone: Task | undefined = all[index % Math.max(all.length, 1)];
            if (gone !== undefined) tasks.remove(gone);
            if (gone !== undefined) steady.delete(gone.position);
          }
          come.forEach(add);
        }
        expect(shown).toEqual([...new Set(shown)].sort((a, b) => b - a));
        expect([...steady].filter((position) => !shown.includes(position))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }));

it("any record that can be read is kept, and read again as it was, under an id and a place of its own", () =>
  withTasks((begin) => {
    const records = fc.array(fc.oneof(record, oddly({ id: fc.uuid(), response: record })), { maxLength: 6 });
    fc.assert(
      fc.property(records, (given) => {
        const tasks = begin();
        const seen = new Map(
          given.flatMap((value) => {
            const observation = observeRecord(value);
            return observation === undefined
              ? []
              : [[observation.taskId.toWellFormed(), observation] as const];
          }),
        );
        for (const [index, observation] of [...seen.values()].entries()) {
          const task = adopted(observation, `sub_${index}`, 0, NOW_MS);
          const kept = { ...task, position: tasks.positionFor(task.createdAtMs) };
          tasks.insert(kept);
          expect(tasks.byTaskId(observation.taskId)).toMatchObject({
            submissionId: kept.submissionId,
            state: kept.state,
            request: kept.request,
            videos: kept.videos,
            error: kept.error,
          });
        }
        expect(tasks.page({}, 100)).toHaveLength(seen.size);
      }),
      { numRuns: 150 },
    );
  }));

it("any text is a question for words, or has none: the full-text index never chokes on it", () =>
  withTasks((begin) => {
    const operator = fc.constantFrom(
      ..."\",*,^,(,),:,-,+,{,},AND,OR,NOT,NEAR(,words:,\\,',;,--,\0".split(","),
    );
    const pieces = fc.array(
      fc.oneof(operator, fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })),
      {
        maxLength: 8,
      },
    );
    const query = fc.tuple(pieces, fc.constantFrom(" ", "")).map(([parts, between]) => parts.join(between));
    const tasks = begin();
    fc.assert(
      fc.property(query, (query) => {
        expect(tasks.page({ query }, 10, NOW_MS * 1000)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  }));

it("every word of a prompt finds it, whatever else is in the prompt", () =>
  withTasks((begin) => {
    const word = fc.stringMatching(/^[A-Za-zäöüß0-9]{1,12}$/);
    const prompt = fc.array(fc.oneof(word, fc.constantFrom('"', "NOT", "fox's", "狐狸", "--", "*")), {
      minLength: 1,
    });
    fc.assert(
      fc.property(prompt, fc.nat(), (words, index) => {
        const tasks = begin();
        const query = words[index % words.length] ?? "";
        tasks.insert(submitted(0, NOW_MS, { request: { prompt: words.join(" ") } }));
        expect(tasks.page({ query }, 10)).toHaveLength(/[\p{L}\p{N}]/u.test(query) ? 1 : 0);
      }),
      { numRuns: 150 },
    );
  }));

it("a moment with a thousand tasks runs over into the next", () =>
  withTasks((begin) => {
    const tasks = begin();
    const positions = Array.from({ length: 1003 }, (_, index) => {
      const position = tasks.positionFor(NOW_MS);
      tasks.insert(submitted(index, NOW_MS, { position, request: {} }));
      return position;
    });
    expect(new Set(positions).size).toBe(positions.length);
  }));

it("any body that is posted to the server is answered, and none of them breaks it", async () => {
  const call = oddly({
    jsonrpc: fc.constant("2.0"),
    id: fc.oneof(fc.integer(), fc.string()),
    method: fc.constantFrom(
      "tools/call",
      "tools/list",
      "initialize",
      "resources/read",
      "tasks/get",
      "completion/complete",
    ),
    params: oddly({
      name: fc.constantFrom("veo_list_tasks", "veo_get_task", "veo_get_usage"),
      arguments: oddly({ task_id: fc.string(), cursor: fc.string(), query: fc.string() }),
      uri: fc.string().map((rest) => `veo://tasks/${rest}`),
      protocolVersion: fc.constant("2025-11-25"),
      capabilities: fc.constant({}),
      clientInfo: fc.constant({ name: "x", version: "1" }),
      _meta: oddly({ progressToken: fc.integer() }),
    }),
  });
  const posted = fc.oneof(
    { weight: 5, arbitrary: odd(call).map((value) => JSON.stringify(value)) },
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(
      posted,
      fc.constantFrom(undefined, "2026-07-28", "2025-11-25"),
      async (body, version) => {
        const response = await world.fetch("/mcp", {
          method: "POST",
          headers: {
            authorization: `Bearer ${ACCESS_KEY}`,
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            ...(version !== undefined && { "mcp-protocol-version": version }),
          },
          body,
        });
        await response.text();
        expect(response.status).toBeLessThan(500);
      },
    ),
    { numRuns: 100 },
  );
});
