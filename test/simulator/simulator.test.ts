import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSimulator, type Simulator } from "./simulator.ts";
import { SIMULATOR_TOKENS } from "./tokens.ts";

const START_MS = Date.parse("2025-07-25T09:19:20Z");
const GENERATION_MS = 30_000;
const BASE_URL = "https://api.acedata.cloud";
const HEX_ID = /^[0-9a-f]{32}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const answerSchema = z.looseObject({ task_id: z.string(), trace_id: z.string().optional() });
const errorSchema = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });
const itemSchema = z.looseObject({ id: z.string() });
const recordSchema = z.looseObject({
  id: z.string(),
  created_at: z.union([z.number(), z.string()]),
  request: z.record(z.string(), z.unknown()),
  response: z
    .looseObject({ success: z.boolean().optional(), data: z.array(itemSchema).optional() })
    .nullish(),
});
const batchSchema = z.object({ items: z.array(recordSchema), count: z.number() });

let nowMs = START_MS;
let simulator: Simulator;

beforeEach(() => {
  nowMs = START_MS;
  simulator = createSimulator({ now: () => nowMs, generationMs: GENERATION_MS, seed: 1 });
});

afterEach(() => {
  expect(simulator.unexpected).toEqual([]);
});

function post(path: string, body: unknown, token = "alice", signal: AbortSignal | null = null) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return simulator.fetch(`${BASE_URL}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal,
  });
}

const video = (prompt = "a lighthouse") => ({ action: "text2video", prompt, async: true });

async function submit(body: object = video(), path = "/veo/videos", token = "alice") {
  const answer = await post(path, body, token);
  expect(answer.status).toBe(200);
  return answerSchema.parse(await answer.json());
}

async function retrieve(id: string, token = "alice") {
  return recordSchema.parse(await (await post("/veo/tasks", { id }, token)).json());
}

async function batch(query: object, token = "alice") {
  const answer = await post("/veo/tasks", { action: "retrieve_batch", ...query }, token);
  return batchSchema.parse(await answer.json());
}

async function refusal(answer: Response) {
  return { status: answer.status, ...errorSchema.parse(await answer.json()).error };
}

test("a generation is pending until its time has passed, and then has a playable video", async () => {
  const { task_id } = await submit();
  nowMs += GENERATION_MS - 1;
  expect((await retrieve(task_id)).response?.success).toBeUndefined();
  nowMs += 1;
  const done = await retrieve(task_id);
  expect(done.response).toMatchObject({ success: true, task_id });
  const url = z.string().parse(done.response?.data?.[0]?.video_url);
  expect(url).toContain("?sig=sim-signed-");
  const media = await simulator.fetch(url);
  expect(media.headers.get("content-type")).toBe("video/mp4");
  const bytes = new Uint8Array(await media.arrayBuffer());
  expect(new TextDecoder().decode(bytes.slice(4, 8))).toBe("ftyp");
  expect(bytes.length).toBeLessThan(10_000);
  const part = await simulator.fetch(url, { headers: { range: "bytes=0-9" } });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
});

test("a record carries the account's identifiers and the body that was sent", async () => {
  const body = { ...video(), callback_url: "https://example.com/hook?secret=1" };
  const record = await retrieve((await submit(body)).task_id);
  expect(record.request).toEqual(body);
  for (const key of ["_id", "api_id", "application_id", "credential_id", "user_id"]) {
    expect(record[key]).toMatch(/^acct-secret-/);
  }
});

test("consecutive tasks speak different dialects, and every one of the contract's ways is met", async () => {
  const ids: string[] = [];
  const traces: boolean[] = [];
  for (let index = 0; index < 24; index++) {
    const answer = await submit();
    ids.push(answer.task_id);
    traces.push(answer.trace_id !== undefined);
  }
  expect(new Set(traces)).toEqual(new Set([true, false]));
  const pending = (await Promise.all(ids.map((id) => retrieve(id)))).map(({ response }) => {
    if (response === undefined) return "absent";
    if (response === null) return "null";
    return response.data?.[0]?.state ?? (Object.keys(response).length === 0 ? "empty" : "ids");
  });
  const shapes = ["absent", "null", "empty", "ids", "running", "processing", "pending", "queued"];
  expect(new Set(pending)).toEqual(new Set(shapes));
  expect(new Set(pending.slice(0, 8)).size).toBe(8);

  simulator.finish();
  const done = await Promise.all(ids.map((id) => retrieve(id)));
  const times = new Set(done.map(({ created_at }) => created_at));
  expect(times).toEqual(new Set([START_MS / 1000, "2025-07-25T09:19:20.000Z", "2025-07-25 17:19:20"]));
  const videoIds = done.map(({ response }) => response?.data?.[0]?.id ?? "");
  expect(videoIds.some((id) => HEX_ID.test(id)) && videoIds.some((id) => UUID.test(id))).toBe(true);
  expect(videoIds.every((id) => HEX_ID.test(id) || UUID.test(id))).toBe(true);
  const told = done.map(({ response }) => [response?.success, response?.data?.[0]?.state !== undefined]);
  expect(told).toContainEqual([true, true]);
  expect(told).toContainEqual([true, false]);
  expect(told).toContainEqual([undefined, true]);
});

test("a dialect can be forced", async () => {
  simulator.configure({ dialect: { pending: "queued", times: "utc8", videoId: "uuid" } });
  for (let index = 0; index < 3; index++) {
    const record = await retrieve((await submit()).task_id);
    expect(record.created_at).toBe("2025-07-25 17:19:20");
    expect(record.response?.data?.[0]).toMatchObject({ state: "queued", id: expect.stringMatching(UUID) });
  }
});

test("a gif's URL stands under each of the known keys in turn", async () => {
  const keys = new Set<string>();
  for (let index = 0; index < 4; index++) {
    const { task_id } = await submit(
      { video_id: "0".repeat(32), action: "gif", async: true },
      "/veo/upsample",
    );
    simulator.finish(task_id);
    const item = (await retrieve(task_id)).response?.data?.[0] ?? {};
    const [key, url] = Object.entries(item).find(([, value]) => String(value).includes(".gif?")) ?? [];
    keys.add(key ?? "none");
    const media = await simulator.fetch(z.string().parse(url));
    expect(new TextDecoder().decode((await media.arrayBuffer()).slice(0, 3))).toBe("GIF");
  }
  expect(keys).toEqual(new Set(["gif_url", "video_url", "image_url", "url"]));
});

test("words in the prompt decide how a task ends", async () => {
  const ids = async (word: string) => (await submit(video(`a cat ${word}`))).task_id;
  const fail = await ids("[fail]");
  const failState = await ids("[fail-state]");
  const failBare = await ids("[fail-bare]");
  const noMedia = await ids("[no-media]");
  const two = await ids("[two]");
  const slow = await ids("[slow]");
  const never = await ids("[never]");
  nowMs += GENERATION_MS;
  expect((await retrieve(fail)).response).toMatchObject({ success: false, error: { code: "api_error" } });
  const byState = (await retrieve(failState)).response;
  expect(byState?.success).toBeUndefined();
  expect(byState?.data?.[0]?.state).toMatch(/^(failed|failure|error|cancell?ed|rejected)$/);
  expect(Object.keys((await retrieve(failBare)).response ?? {})).toEqual(["success", "task_id", "trace_id"]);
  expect((await retrieve(noMedia)).response?.data?.[0]).not.toHaveProperty("video_url");
  expect((await retrieve(two)).response?.data).toHaveLength(2);
  const states = () => [slow, never].map((id) => simulator.tasks.find(({ taskId }) => taskId === id)?.state);
  expect(states()).toEqual(["pending", "pending"]);
  nowMs += GENERATION_MS * 9;
  expect(states()).toEqual(["succeeded", "pending"]);
});

test("a fast generation takes a second", async () => {
  const { task_id } = await submit(video("a cat [fast]"));
  nowMs += 1000;
  expect((await retrieve(task_id)).response).not.toBeNull();
  expect(simulator.tasks[0]?.state).toBe("succeeded");
});

test("[sync] answers with the final body in spite of async", async () => {
  const answer = await submit(video("a cat [sync]"));
  expect(answer).toMatchObject({ task_id: expect.any(String), data: [{ id: expect.any(String) }] });
});

test("settings apply words to calls that have no prompt", async () => {
  simulator.configure({ words: ["[fail]"], generationMs: 0 });
  const body = { video_id: "0".repeat(32), motion_type: "UP", async: true };
  const { task_id } = await submit(body, "/veo/reshoot");
  expect((await retrieve(task_id)).response).toMatchObject({ success: false });
});

test("a paid call that would block is answered in full, and noted as unexpected", async () => {
  await submit({ action: "text2video", prompt: "a cat" });
  expect(simulator.unexpected).toMatchObject([{ path: "/veo/videos", reason: "a blocking call" }]);
  simulator.reset();
});

test("each refused token is refused in its way, and a used-up one can still ask about tasks", async () => {
  for (const { token, status, code } of SIMULATOR_TOKENS) {
    expect(await refusal(await post("/veo/videos", video(), token))).toMatchObject({ status, code });
  }
  const anonymous = await simulator.fetch(`${BASE_URL}/veo/tasks`, { method: "POST", body: "{}" });
  expect(await refusal(anonymous)).toMatchObject({ status: 400, code: "no_token" });
  expect((await batch({}, "sim-used-up")).items).toEqual([]);
  expect(simulator.tasks).toEqual([]);
});

test("with a token of its own, the simulator accepts no other", async () => {
  simulator = createSimulator({ token: "the-one" });
  expect((await post("/veo/videos", video(), "the-one")).status).toBe(200);
  expect(await refusal(await post("/veo/videos", video(), "another"))).toMatchObject({
    status: 401,
    code: "invalid_token",
  });
});

test("a task is seen by the token that made it, and by no other", async () => {
  const { task_id } = await submit();
  simulator.configure({ unknownId: "404" });
  expect((await post("/veo/tasks", { id: task_id }, "bob")).status).toBe(404);
  expect(await batch({ ids: [task_id] }, "bob")).toEqual({ items: [], count: 0 });
});

test("a batch finds by ids and trace ids, leaves unknown ids out, and lists the newest first", async () => {
  const ids: string[] = [];
  for (let index = 0; index < 15; index++) {
    ids.push((await submit()).task_id);
    nowMs += 1000;
  }
  await submit({ video_id: "0".repeat(32), action: "4k", async: true }, "/veo/upsample");
  const [first = "", second = ""] = ids;
  const named = await batch({ ids: [first, second, "unknown"] });
  expect(named.items.map(({ id }) => id)).toEqual([second, first]);
  const trace = simulator.tasks[0]?.traceId;
  expect((await batch({ trace_ids: [trace] })).items.map(({ id }) => id)).toEqual([first]);
  expect((await batch({})).items).toHaveLength(12);
  expect(await batch({ type: "videos", offset: 13, limit: 5 })).toMatchObject({ count: 15 });
  const [created_at_min, created_at_max] = [START_MS / 1000 + 3, START_MS / 1000 + 5];
  expect((await batch({ created_at_min, created_at_max })).items.map(({ id }) => id)).toEqual(
    ids.slice(3, 6).toReversed(),
  );
});

test("the list can lag behind the tasks, which are found by their ids all the same", async () => {
  simulator.configure({ listLagMs: 45_000 });
  const { task_id } = await submit();
  nowMs += 44_999;
  expect(await batch({})).toEqual({ items: [], count: 0 });
  expect(await batch({ ids: [task_id] })).toMatchObject({ items: [{ id: task_id }] });
  nowMs += 1;
  expect(await batch({})).toMatchObject({ items: [{ id: task_id }], count: 1 });
});

test("an unknown id is answered in each of the likely ways in turn, or in a forced one", async () => {
  const ask = async () => {
    const answer = await post("/veo/tasks", { id: "no-such-task" });
    return [answer.status, await answer.json()];
  };
  expect(await ask()).toMatchObject([404, { success: false, error: { code: "not_found" } }]);
  expect(await ask()).toEqual([200, {}]);
  expect(await ask()).toEqual([200, null]);
  expect(await ask()).toMatchObject([200, { error: { code: "not_found" } }]);
  simulator.configure({ unknownId: "null" });
  expect(await ask()).toEqual([200, null]);
  expect(await ask()).toEqual([200, null]);
});

test("requests are recorded with what was asked, by whom, and how it was answered", async () => {
  await submit();
  await post("/veo/tasks", { id: "x" }, "sim-invalid");
  expect(simulator.requests).toMatchObject([
    { at: START_MS, method: "POST", path: "/veo/videos", action: "text2video", token: "alice", status: 200 },
    { path: "/veo/tasks", action: null, body: { id: "x" }, token: "sim-invalid", status: 401 },
  ]);
  expect(simulator.requestsTo("paid")).toHaveLength(1);
  expect(simulator.requestsTo("tasks")).toHaveLength(1);
});

test("what is not in the contract is a 404, and noted as unexpected", async () => {
  expect(await refusal(await post("/veo/cancel", {}))).toMatchObject({ status: 404, code: "no_api" });
  await simulator.fetch(`${BASE_URL}/veo/tasks`);
  expect(simulator.unexpected).toMatchObject([
    { path: "/veo/cancel" },
    { method: "GET", path: "/veo/tasks" },
  ]);
  simulator.reset();
  expect(simulator.requests).toEqual([]);
});
