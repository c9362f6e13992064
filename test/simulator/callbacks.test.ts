import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSimulator, type Simulator } from "./simulator.ts";

const START_MS = Date.parse("2025-07-25T09:19:20Z");
const GENERATION_MS = 30_000;
const HOOK = "https://example.com/hook";

const answerSchema = z.looseObject({ task_id: z.string() });
const recordSchema = z.looseObject({
  request: z.looseObject({ callback_url: z.string() }),
  response: z.unknown(),
});

let nowMs: number;
let simulator: Simulator;
beforeEach(() => {
  nowMs = START_MS;
  simulator = createSimulator({ now: () => nowMs, generationMs: GENERATION_MS, seed: 1 });
});

async function post(path: string, body: object): Promise<unknown> {
  const headers = { authorization: "Bearer alice", "content-type": "application/json" };
  const answer = await simulator.fetch(`https://api.acedata.cloud${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}
const submit = async (prompt: string, callback: object = { callback_url: HOOK }) =>
  answerSchema.parse(await post("/veo/videos", { action: "text2video", prompt, async: true, ...callback }))
    .task_id;

test("a callback gets the final body, once, when the task is done; its address stands in the record", async () => {
  const taskId = await submit("a cat");
  const received: unknown[] = [];
  const receive = async (request: Request) => {
    received.push([request.method, request.url, await request.json()]);
    return new Response(null, { status: 204 });
  };
  expect(await simulator.deliverCallbacks(receive)).toEqual([]);
  nowMs += GENERATION_MS;
  const delivery = { at: nowMs, taskId, url: HOOK, status: 204 };
  expect(await simulator.deliverCallbacks(receive)).toEqual([delivery]);
  expect(await simulator.deliverCallbacks(receive)).toEqual([]);
  expect(simulator.callbacks).toEqual([delivery]);
  const { request, response } = recordSchema.parse(await post("/veo/tasks", { id: taskId }));
  expect(received).toEqual([["POST", HOOK, response]]);
  expect(request.callback_url).toBe(HOOK);
});

test.each([
  ["[no-callback]", []],
  ["[early-callback]", [GENERATION_MS - 4000]],
  ["[late-callback]", [GENERATION_MS + 60_000]],
  ["[repeated-callback]", [GENERATION_MS, GENERATION_MS, GENERATION_MS + 20_000]],
  ["[callback-flood]", Array.from({ length: 100 }, (_, index) => index * 1200)],
  ["[never]", []],
])("a callback of %s comes when the word says, with a body that claims the end", async (word, expected) => {
  await submit(`a cat ${word}`);
  await submit("a dog that calls nobody", {});
  const bodies: string[] = [];
  for (let next = simulator.nextCallbackAtMs(); next !== null; next = simulator.nextCallbackAtMs()) {
    nowMs = next;
    await simulator.deliverCallbacks(async (request) => {
      bodies.push(await request.text());
      throw new TypeError("nobody is there");
    });
  }
  const tried = simulator.callbacks.map(({ at, status }) => [at - START_MS, status]);
  expect(tried).toEqual(expected.map((ms) => [ms, null]));
  expect(bodies.filter((body) => body.includes("video_url"))).toHaveLength(expected.length);
});
