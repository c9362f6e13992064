import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { connectModern, type TestClient } from "../clients.ts";
import { openSession, sendModern } from "../mcp/raw-request.ts";
import { createWorld, type World } from "../world.ts";

describe("a submission", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 60_000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const make = (args: object = {}) => client.callTool("veo_text_to_video", { prompt: "a fox", ...args });
  const list = async () => (await client.callTool("veo_list_tasks")).structuredContent;

  it("is asynchronous always, beside a callback of the caller's too", async () => {
    await world.until(make(), 0);
    await world.until(make({ callback_url: "https://caller.test/done" }), 0);
    const [plain, called] = world.simulator.requestsTo("paid");
    expect(plain?.body).toMatchObject({ async: true });
    expect(plain?.body).not.toHaveProperty("callback_url");
    expect(called?.body).toMatchObject({ async: true, callback_url: "https://caller.test/done" });
  });

  it.each([{ success: true }, { success: true, data: [] }, { success: true, data: null }])(
    "that is answered with %j and an id was accepted, and is no video yet",
    async (more) => {
      const { fetch } = globalThis;
      vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
        const response = await fetch(url, init);
        const isOrder = url.pathname === "/veo/videos";
        return isOrder
          ? Response.json({ ...z.looseObject({}).parse(await response.json()), ...more })
          : response;
      });
      await world.until(make(), 0);
      expect(await list()).toMatchObject({ tasks: [{ state: "processing" }] });
      await world.advance(90_000);
      expect(await list()).toMatchObject({ tasks: [{ state: "succeeded", videos: [{}] }] });
    },
  );

  it("is a row before it is a request", async () => {
    world.simulator.inject({ kind: "hang", match: "paid" });
    const hanging = make();
    await world.settle();
    expect(world.paidCalls()).toBe(1);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "submitting" }] });
    await world.until(hanging);
  });

  describe("whose client does not wait for its answer", () => {
    const call = { name: "veo_text_to_video", arguments: { prompt: "a fox" } };
    beforeEach(() => world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 }));
    const expectFound = async () => {
      expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "submitting" }] });
      await world.advance(90_000);
      expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
      expect(world.paidCalls()).toBe(1);
    };

    it.each(["2026-07-28", "2025-11-25"])(
      "goes on when that hangs up, and is in the list, %s",
      async (lane) => {
        const hangUp = new AbortController();
        const fetch: World["fetch"] = (input, init) => world.fetch(input, { ...init, signal: hangUp.signal });
        const caller = { ...world, fetch };
        const session = lane === "2026-07-28" ? undefined : await openSession(caller);
        const asked =
          session === undefined
            ? sendModern(caller, { method: "tools/call", params: call, capabilities: {} })
            : session.ask("tools/call", call);
        const gone = expect(asked).rejects.toThrow();
        await world.settle();
        hangUp.abort();
        await gone;
        await expectFound();
      },
    );

    it("goes on when that takes the call back, and is in the list", async () => {
      const session = await openSession(world);
      const asked = session.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params: call });
      await world.settle();
      await session.cancel(7);
      await expectFound();
      await (await asked).body?.cancel();
    });
  });

  it("that is answered with a finished video answers as veo_get_task does", async () => {
    const answer = await world.until(make({ prompt: "[sync] a fox" }), 0);
    expect(answer.structuredContent).toMatchObject({
      state: "succeeded",
      mcp_task_polling: { is_complete: true },
    });
    expect(answer.content.some(({ type }) => type === "resource_link")).toBe(true);
    expect(await world.nextWorkMs()).toBeNull();
  });

  it.each([
    [{ kind: "status", status: 500, code: "api_error" }],
    [{ kind: "status", status: 408 }],
    [{ kind: "html" }],
    [{ kind: "truncated" }],
    [{ kind: "oversized" }],
    [{ kind: "null" }],
    [{ kind: "drop" }],
    [{ kind: "drop", when: "after" }],
    [{ kind: "hang" }],
  ] as const)(
    "whose answer is %j is undetermined: nothing is sent again, and it can be asked about",
    async (fault) => {
      world.simulator.inject({ ...fault, match: "paid" });
      const answer = await world.until(make({ idempotency_key: "k" }));
      expect(answer).toMatchObject({
        isError: true,
        _meta: { "veo/error": { code: "submission_undetermined", retryable: false } },
      });
      expect(answer).not.toHaveProperty("structuredContent");
      const [id] = /sub_[0-9a-f]{32}/.exec(answer.content[0]?.text ?? "") ?? [];
      const asked = await world.until(client.callTool("veo_get_task", { task_id: id, wait_seconds: 0 }), 0);
      expect(asked.structuredContent).toMatchObject({ submission_id: id, state: "submitting" });
      const again = await world.until(make({ idempotency_key: "k" }), 0);
      expect(again._meta).toMatchObject({ "veo/error": { code: "submission_undetermined" } });
      expect(again.content[0]?.text).toContain(id);
      expect(world.paidCalls()).toBe(1);
    },
  );

  describe("with an idempotency_key", () => {
    it("answers the first task instead of paying again", async () => {
      const first = await world.until(make({ idempotency_key: "k" }), 0);
      const again = await world.until(make({ idempotency_key: "k" }), 0);
      expect(again.structuredContent?.submission_id).toBe(first.structuredContent?.submission_id);
      await world.advance(90_000);
      const later = await world.until(make({ idempotency_key: "k" }), 0);
      expect(later.structuredContent).toMatchObject({ state: "succeeded" });
      expect(world.paidCalls()).toBe(1);
    });

    it("pays once when two calls come at the same moment", async () => {
      const both = await world.until(
        Promise.all([make({ idempotency_key: "k" }), make({ idempotency_key: "k" })]),
        0,
      );
      const ids = both.map(({ structuredContent }) => structuredContent?.task_id);
      expect(ids[0]).toBeDefined();
      expect(ids[1]).toBe(ids[0]);
      expect(world.paidCalls()).toBe(1);
    });

    it("and other arguments is a conflict, which names the first", async () => {
      const first = await world.until(make({ idempotency_key: "k" }), 0);
      const other = await world.until(make({ idempotency_key: "k", prompt: "a wolf" }), 0);
      expect(other).toMatchObject({
        isError: true,
        _meta: { "veo/error": { code: "idempotency_conflict" } },
      });
      expect(other.content[0]?.text).toContain(first.structuredContent?.submission_id);
      expect(world.paidCalls()).toBe(1);
    });

    it.each([
      [{ kind: "status", status: 400, code: "bad_request" }],
      [{ kind: "status", status: 403, code: "used_up" }],
    ] as const)("frees the key when %j says that nothing was charged", async (fault) => {
      world.simulator.inject({ ...fault, match: "paid" });
      expect(await world.until(make({ idempotency_key: "k" }), 0)).toMatchObject({ isError: true });
      const again = await world.until(make({ idempotency_key: "k", prompt: "a wolf" }), 0);
      expect(again.structuredContent).toMatchObject({ state: "processing" });
      expect(world.paidCalls()).toBe(2);
    });

    it("keeps the key when a paid generation failed", async () => {
      await world.until(make({ idempotency_key: "k", prompt: "[fail] a fox" }), 0);
      await world.advance(90_000);
      const again = await world.until(make({ idempotency_key: "k", prompt: "[fail] a fox" }), 0);
      expect(again.structuredContent).toMatchObject({ state: "failed" });
      expect(world.paidCalls()).toBe(1);
    });
  });

  it("without a key is a new video every time", async () => {
    await world.until(make(), 0);
    await world.until(make(), 0);
    expect(world.paidCalls()).toBe(2);
  });
});
