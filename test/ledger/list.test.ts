import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const pageSchema = z.looseObject({
  tasks: z.array(z.looseObject({ state: z.string(), request: z.looseObject({ prompt: z.string() }) })),
  count: z.number(),
  next_cursor: z.string().optional(),
});

describe("veo_list_tasks", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 5000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const submit = (prompt: string) => world.until(client.callTool("veo_text_to_video", { prompt }), 0);
  const page = async (args: object = {}) =>
    pageSchema.parse((await client.callTool("veo_list_tasks", { ...args })).structuredContent);
  const prompts = async (args: object) => (await page(args)).tasks.map(({ request }) => request.prompt);

  it("finds tasks by words of their prompt, newest first, without asking the upstream", async () => {
    for (const prompt of ["a red fox in snow", "A Red Barn", "雪中的狐狸", 'a "quoted" fox\'s tail']) {
      await submit(prompt);
      await world.advance(10);
    }
    expect(await prompts({ query: "red" })).toEqual(["A Red Barn", "a red fox in snow"]);
    expect(await prompts({ query: "RED sno" })).toEqual(["a red fox in snow"]);
    expect(await prompts({ query: "狐狸" })).toEqual(["雪中的狐狸"]);
    expect(await prompts({ query: "fox's" })).toEqual(['a "quoted" fox\'s tail']);
    expect(await prompts({ query: "wolf" })).toEqual([]);
    expect(await prompts({ query: '" OR 1=1 --' })).toEqual([]);
    expect(world.taskQueries()).toBe(0);
  });

  it("filters by state and by tool", async () => {
    await submit("[fail] one");
    await submit("two");
    await world.advance(30_000);
    await submit("three");
    expect(await prompts({ state: "failed" })).toEqual(["[fail] one"]);
    expect(await prompts({ state: "succeeded" })).toEqual(["two"]);
    expect(await prompts({ state: "processing" })).toEqual(["three"]);
    expect(await prompts({ tool: "veo_reshoot" })).toEqual([]);
    expect(await prompts({ tool: "veo_text_to_video", state: "succeeded", query: "two" })).toEqual(["two"]);
  });

  it("has a cursor that neither skips nor repeats while tasks are added", async () => {
    for (let index = 0; index < 5; index += 1) await submit(`fox ${index}`);
    const first = await page({ limit: 2, query: "fox" });
    await submit("fox new");
    const second = await page({ limit: 2, query: "fox", cursor: first.next_cursor });
    const third = await page({ limit: 2, query: "fox", cursor: second.next_cursor });
    const seen = [first, second, third].flatMap(({ tasks }) => tasks.map(({ request }) => request.prompt));
    expect(seen).toEqual(["fox 4", "fox 3", "fox 2", "fox 1", "fox 0"]);
    expect(third.next_cursor).toBeUndefined();
  });

  it.each(["x", "before-", "before-zzzzzzzzzzzzzzz", "before-1 OR 1"])(
    "refuses the cursor %s",
    async (cursor) => {
      expect(await client.callTool("veo_list_tasks", { cursor })).toMatchObject({
        isError: true,
        _meta: { "veo/error": { code: "invalid_argument" } },
      });
    },
  );

  it("forgets ended tasks after the retention, and nothing else", async () => {
    await submit("old");
    await world.advance(60_000);
    await submit("[never] old and open");
    await world.inObject((_, { storage }) => {
      const daysMs = 91 * 86_400_000;
      storage.sql.exec(
        "UPDATE task SET position = position - ?1 * 1000, looked_at_ms = looked_at_ms - ?1",
        daysMs,
      );
    });
    await submit("new");
    expect(await prompts({})).toEqual(["new", "[never] old and open"]);
  });
});
