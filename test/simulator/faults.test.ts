import { beforeEach, expect, test } from "vitest";
import { createSimulator, type Simulator } from "./simulator.ts";

const BASE_URL = "https://api.acedata.cloud";

let simulator: Simulator;

beforeEach(() => {
  simulator = createSimulator({ generationMs: 0 });
});

function post(path: string, body: unknown, signal: AbortSignal | null = null, token = "alice") {
  return simulator.fetch(`${BASE_URL}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal,
  });
}

const list = (signal: AbortSignal | null = null) => post("/veo/tasks", { action: "retrieve_batch" }, signal);
const submit = (prompt = "a cat", signal: AbortSignal | null = null) =>
  post("/veo/videos", { action: "text2video", prompt, async: true }, signal);

test("a status fault answers an error once, with Retry-After when asked, and then all is well", async () => {
  simulator.inject({ kind: "status", status: 429, code: "too_many_requests", retryAfterSeconds: 7 });
  const refused = await list();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "7"]);
  expect(await refused.json()).toMatchObject({ error: { code: "too_many_requests" } });
  expect((await list()).status).toBe(200);
  expect(simulator.requests.map(({ status }) => status)).toEqual([429, 200]);
});

test("an error can be told as a detail, and a page of HTML can stand in for any answer", async () => {
  simulator.inject({ kind: "status", status: 500, shape: "detail", message: "Oh no" }, { kind: "html" });
  expect(await (await list()).json()).toEqual({ detail: "Oh no" });
  const page = await list();
  expect([page.status, page.headers.get("content-type")]).toEqual([502, "text/html"]);
  expect(await page.text()).toContain("<html>");
});

test("faults strike only what they match: a group, a path, a token, after some that pass", async () => {
  simulator.inject({ kind: "html", match: "paid", times: 2, skip: 1 });
  expect((await list()).status).toBe(200);
  expect((await submit()).status).toBe(200);
  expect((await submit()).status).toBe(502);
  expect((await submit()).status).toBe(502);
  expect((await submit()).status).toBe(200);
  simulator.inject({ kind: "html", match: "/veo/tasks", token: "bob", times: "forever" });
  expect((await list()).status).toBe(200);
  const bobs = () => post("/veo/tasks", { action: "retrieve_batch" }, null, "bob");
  expect([(await bobs()).status, (await bobs()).status]).toEqual([502, 502]);
  simulator.clearFaults();
  expect((await bobs()).status).toBe(200);
});

test("a connection can drop before the task is made, or after", async () => {
  simulator.inject({ kind: "drop" });
  await expect(submit()).rejects.toThrow(TypeError);
  expect(simulator.tasks).toHaveLength(0);
  simulator.inject({ kind: "drop", when: "after" });
  await expect(submit()).rejects.toThrow(TypeError);
  expect(simulator.tasks).toHaveLength(1);
  expect(simulator.requests.map(({ status }) => status)).toEqual([null, null]);
});

test("a hanging request ends when its signal aborts, with the signal's reason", async () => {
  simulator.inject({ kind: "hang", times: "forever" });
  const abort = new AbortController();
  const pending = list(abort.signal);
  abort.abort(new Error("enough"));
  await expect(pending).rejects.toThrow("enough");
  await expect(list(AbortSignal.abort(new Error("at once")))).rejects.toThrow("at once");
});

test("latency comes after the effect, so that an impatient caller has paid", async () => {
  simulator.inject({ kind: "latency", latencyMs: 1 }, { kind: "latency", latencyMs: 60_000 });
  expect((await submit()).status).toBe(200);
  const abort = new AbortController();
  const pending = submit("a cat", abort.signal);
  await expect.poll(() => simulator.tasks.length).toBe(2);
  abort.abort(new Error("enough"));
  await expect(pending).rejects.toThrow("enough");
});

test("an answer can be cut in half, quietly or with an error, or stop in the middle", async () => {
  simulator.inject({ kind: "truncated" }, { kind: "cut" }, { kind: "stall" });
  await expect((await submit()).json()).rejects.toThrow(SyntaxError);
  await expect((await submit()).text()).rejects.toThrow(TypeError);
  const abort = new AbortController();
  const stalled = await submit("a cat", abort.signal);
  const read = stalled.text();
  abort.abort(new Error("enough"));
  await expect(read).rejects.toThrow("enough");
  expect(simulator.tasks).toHaveLength(3);
});

test("an oversized answer is as long as asked, and still JSON", async () => {
  simulator.inject({ kind: "oversized", sizeBytes: 300_000 });
  const text = await (await list()).text();
  expect(text.length).toBeGreaterThan(300_000);
  expect(JSON.parse(text)).toEqual({ items: [], count: 0 });
});

test("other bodies: null, any text, the wrong content type, a redirect", async () => {
  simulator.inject({ kind: "null" }, { kind: "body", text: "", status: 201 });
  simulator.inject({ kind: "wrong-content-type" }, { kind: "redirect", location: "https://evil.example/" });
  expect(await (await list()).json()).toBeNull();
  const empty = await list();
  expect([empty.status, await empty.text()]).toEqual([201, ""]);
  const plain = await list();
  expect([plain.headers.get("content-type"), await plain.json()]).toEqual([
    "text/plain",
    { items: [], count: 0 },
  ]);
  const redirect = await list();
  expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "https://evil.example/"]);
});

test("words in a prompt ask for a fault at submission, with or without the task being made", async () => {
  expect((await submit("[reject]")).status).toBe(400);
  expect((await submit("[used-up]")).status).toBe(403);
  expect((await submit("[busy]")).headers.get("retry-after")).toBe("2");
  expect((await submit("[trouble]")).status).toBe(500);
  expect((await submit("[html]")).status).toBe(502);
  await expect(submit("[drop]")).rejects.toThrow(TypeError);
  await expect(submit("[hang]", AbortSignal.timeout(5))).rejects.toThrow();
  expect(simulator.tasks).toHaveLength(0);
  await expect(submit("[lost-response]")).rejects.toThrow(TypeError);
  await expect(submit("[lost-hang]", AbortSignal.timeout(5))).rejects.toThrow();
  await expect((await submit("[truncated]")).json()).rejects.toThrow(SyntaxError);
  expect(await (await submit("[no-task-id]")).json()).toEqual({});
  expect(simulator.tasks).toHaveLength(4);
});

test("the controls do over HTTP what the methods do", async () => {
  const control = (method: string, path: string, body?: unknown) =>
    simulator.fetch(`${BASE_URL}/__simulator${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  expect((await control("POST", "/faults", [{ kind: "html" }, { kind: "null" }])).status).toBe(204);
  expect((await list()).status).toBe(502);
  expect((await control("DELETE", "/faults")).status).toBe(204);
  expect((await control("POST", "/faults", { kind: "nonsense" })).status).toBe(400);
  expect((await control("POST", "/settings", { generationMs: 5 })).status).toBe(200);
  expect(simulator.settings.generationMs).toBe(5);
  await submit();
  expect(await (await control("GET", "/tasks")).json()).toMatchObject([
    { path: "/veo/videos", token: "alice" },
  ]);
  expect(await (await control("GET", "/requests")).json()).toMatchObject([{ status: 502 }, { status: 200 }]);
  await control("DELETE", "/requests");
  expect([simulator.requests.length, simulator.tasks.length]).toEqual([0, 1]);
  await control("POST", "/reset");
  expect([simulator.tasks.length, simulator.settings.generationMs]).toEqual([0, 0]);
  expect(await (await control("GET", "/unexpected")).json()).toEqual([]);
});
