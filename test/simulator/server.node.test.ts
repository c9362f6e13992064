import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SimulatorServer, startSimulatorServer } from "./server.ts";

let server: SimulatorServer;

beforeEach(async () => {
  server = await startSimulatorServer({ port: 0, generationMs: 0 });
});

afterEach(() => server.close());

function submit(body: object = {}) {
  return fetch(`${server.url}/veo/videos`, {
    method: "POST",
    headers: { authorization: "Bearer alice", "content-type": "application/json" },
    body: JSON.stringify({ action: "text2video", prompt: "a cat", async: true, ...body }),
  });
}

test("it serves the API, and videos under its own address", async () => {
  server.simulator.configure({ dialect: { success: "flag" } });
  const answer = await submit({ prompt: "a cat [sync]" });
  const text = await answer.text();
  expect(text).toContain(`${server.url}/videos/`);
  const url = /http[^"]+/.exec(text)?.[0] ?? "";
  const media = await fetch(url);
  expect([media.status, media.headers.get("content-type")]).toEqual([200, "video/mp4"]);
  expect((await media.arrayBuffer()).byteLength).toBeGreaterThan(1000);
});

test("dropped and cut connections break for real, and the server goes on", async () => {
  server.simulator.inject({ kind: "drop" }, { kind: "cut" });
  await expect(submit()).rejects.toThrow(TypeError);
  const cut = await submit();
  await expect(cut.text()).rejects.toThrow();
  expect((await submit()).status).toBe(200);
});

test("a caller who gives up ends a hanging request and an endless body", async () => {
  server.simulator.inject({ kind: "hang" }, { kind: "oversized", sizeBytes: 1e9 });
  await expect(fetch(`${server.url}/veo/tasks`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  const endless = await submit();
  const reader = endless.body?.getReader();
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
  await reader?.cancel();
  expect((await submit()).status).toBe(200);
});

test("callbacks are sent by themselves", async () => {
  const receiver = createServer();
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const received = once(receiver, "request");
  await submit({ callback_url: `http://127.0.0.1:${port}/hook` });
  const [request, response] = await received;
  expect([request.method, request.url]).toEqual(["POST", "/hook"]);
  response.end();
  receiver.close();
});

test("a port that is taken is a readable error", async () => {
  const port = Number(new URL(server.url).port);
  await expect(startSimulatorServer({ port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is in use`);
});
