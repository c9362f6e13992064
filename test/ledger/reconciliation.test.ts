import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

const MINUTE = 60_000;
/** A list that the upstream answers with in spite of what it has. */
const NO_TASKS = '{"items":[],"count":0}';

describe("a submission whose answer never came", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 60_000 });
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const make = (args: object = {}) =>
    world.until(client.callTool("veo_text_to_video", { prompt: "a fox", ...args }));
  const list = async () => (await client.callTool("veo_list_tasks")).structuredContent;

  it("and that the upstream got is found, adopted under its own id, and finished", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    expect(await make()).toMatchObject({
      isError: true,
      _meta: { "veo/error": { code: "submission_undetermined" } },
    });
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "submitting" }] });
    await world.advance(10_000);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "processing" }] });
    await world.advance(90_000);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
    expect(world.paidCalls()).toBe(1);
  });

  it("is searched for less and less often while the list fails, also beside tasks whose questions are answered", async () => {
    await make({ prompt: "[never] a heron" });
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await make();
    const { fetch } = globalThis;
    const searchedAtSeconds: number[] = [];
    const lostAtMs = Date.now();
    vi.stubGlobal("fetch", async (url: URL, init: RequestInit) => {
      if (!String(init.body).includes("offset")) return fetch(url, init);
      searchedAtSeconds.push(Math.round((Date.now() - lostAtMs) / 1000));
      return Response.json({ error: { code: "too_many_requests", message: "No." } }, { status: 429 });
    });
    await world.advance(30 * MINUTE);
    expect(searchedAtSeconds).toEqual([5, 10, 20, 40, 80, 160, 320, 620, 920, 1220, 1520]);
  });

  it("and that never arrived is failed, with nothing charged, after two looks ten minutes apart", async () => {
    world.simulator.inject({ kind: "drop", match: "paid" });
    await make({ idempotency_key: "k" });
    await world.advance(9 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "submitting" }] });
    expect(await make({ idempotency_key: "k" })).toMatchObject({
      _meta: { "veo/error": { code: "submission_undetermined" } },
    });
    expect(await make()).toMatchObject({ _meta: { "veo/error": { code: "submission_undetermined" } } });
    await world.advance(2 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "failed", error: { code: "never_arrived" } }] });
    expect(world.paidCalls()).toBe(1);
    expect(await make({ idempotency_key: "k" })).toMatchObject({
      structuredContent: { state: "processing" },
    });
  });

  it("and that may be one of two is never guessed at", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after", times: 2 });
    await make({ idempotency_key: "one" });
    await make({ idempotency_key: "two" });
    await world.advance(15 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "submitting" }, { state: "submitting" }] });
    // The looks of the rest of the day are all the same.
    world.skip(24 * 60 * MINUTE);
    await world.advance(MINUTE);
    expect(await list()).toMatchObject({ count: 2, tasks: [{ state: "unknown" }, { state: "unknown" }] });
    expect(world.paidCalls()).toBe(2);
  });

  it("is not given up for lists that lack what the upstream is known to have", async () => {
    await make({ prompt: "a hare" });
    await world.advance(2 * MINUTE);
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await make();
    world.simulator.inject({ kind: "body", match: "tasks", text: NO_TASKS, times: "forever" });
    await world.advance(13 * MINUTE);
    world.simulator.clearFaults();
    await world.advance(12 * MINUTE);
    expect(await list()).toMatchObject({ count: 2, tasks: [{ state: "succeeded" }, { state: "succeeded" }] });
  });

  it("is not given up for a list that breaks off after a page", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await make();
    for (let hare = 0; hare < 51; hare += 1) await make({ prompt: `hare ${hare} [sync]` });
    // Every second request: the first page is true.
    for (let page = 1; page <= 20; page += 1)
      world.simulator.inject({ kind: "body", match: "tasks", text: NO_TASKS, skip: page });
    await world.advance(13 * MINUTE);
    world.simulator.clearFaults();
    await world.advance(12 * MINUTE);
    const lost = await client.callTool("veo_list_tasks", { query: "fox" });
    expect(lost.structuredContent).toMatchObject({ tasks: [{ state: "succeeded" }] });
  });

  it("is found by the address that its caller gave, though that is a path of ours", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await make({ callback_url: "https://studio.test/callbacks/veo" });
    await world.advance(12 * MINUTE);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
  });

  it("is not given up for what is listed with another token, and is found with the one that paid", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await make();
    await world.redeploy({ ACEDATACLOUD_API_TOKEN: "another-token-of-the-tests-0123456789" });
    await world.advance(25 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "submitting" }] });
    await world.redeploy({ ACEDATACLOUD_API_TOKEN: UPSTREAM_TOKEN });
    await world.advance(12 * MINUTE);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
  });

  it.each(["after", "before"] as const)(
    "says which token was to pay only until its end is known (it broke off %s the upstream got it)",
    async (when) => {
      const payers = () =>
        world.inObject((_, { storage }) =>
          storage.sql
            .exec("SELECT payer_hash FROM task ORDER BY position")
            .toArray()
            .map(({ payer_hash }) => payer_hash),
        );
      await make({ prompt: "a hare" });
      world.simulator.inject({ kind: "drop", match: "paid", when });
      await make();
      expect(await payers()).toEqual([null, expect.stringMatching(/^[\da-f]{16}$/)]);
      await world.advance(12 * MINUTE);
      expect(await payers()).toEqual([null, null]);
    },
  );

  it("after a crash in the middle is found too", async () => {
    world.simulator.inject({ kind: "hang", match: "paid", when: "after" });
    const cutOff = client.callTool("veo_text_to_video", { prompt: "a fox" }).catch((error: unknown) => error);
    await world.settle();
    await world.crash();
    await cutOff;
    await world.advance(3 * MINUTE);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
  });

  it("does not take the task of an identical one that is still on its way", async () => {
    world.simulator.inject({ kind: "drop", match: "paid" });
    await make({ idempotency_key: "first" });
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    await make({ idempotency_key: "second" });
    await world.advance(2 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "succeeded" }, { state: "submitting" }] });
    await world.advance(12 * MINUTE);
    expect(await list()).toMatchObject({
      tasks: [{ state: "succeeded" }, { state: "failed", error: { code: "never_arrived" } }],
    });
  });

  it("does not take the task of one that asked for the same and more", async () => {
    world.simulator.inject({ kind: "drop", match: "paid" });
    await make({ idempotency_key: "first" });
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    await make({ idempotency_key: "second", resolution: "1080p" });
    await world.advance(2 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "succeeded" }, { state: "submitting" }] });
  });

  it("is not thought to be answered with the task of another one", async () => {
    await make({ idempotency_key: "first" });
    const [first] = world.simulator.tasks;
    const text = JSON.stringify({ task_id: first?.taskId });
    world.simulator.inject({ kind: "body", match: "paid", text });
    expect(await make({ idempotency_key: "second" })).toMatchObject({
      _meta: { "veo/error": { code: "submission_undetermined" } },
    });
    await world.advance(13 * MINUTE);
    expect(await list()).toMatchObject({
      tasks: [
        { state: "failed", error: { code: "never_arrived" } },
        { task_id: first?.taskId, state: "succeeded" },
      ],
    });
  });

  it("is not shown in the history as if somebody else had made it", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    const answer = await make({ idempotency_key: "first" });
    const [submissionId] = /sub_[0-9a-f]{32}/.exec(answer.content[0]?.text ?? "") ?? [];
    const history = await world.until(client.callTool("veo_get_tasks_batch"));
    expect(history.structuredContent).toMatchObject({ tasks: [{ submission_id: submissionId }] });
  });

  it("is not shown in the history while it is on its way either", async () => {
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    const made = client.callTool("veo_text_to_video", { prompt: "a fox" });
    await world.settle();
    const history = await world.until(client.callTool("veo_get_tasks_batch"));
    expect(world.simulator.tasks).toHaveLength(1);
    expect(history.structuredContent).toMatchObject({ tasks: [] });
    const { structuredContent } = await world.until(made);
    expect(await list()).toMatchObject({ tasks: [{ submission_id: structuredContent?.submission_id }] });
  });
});
