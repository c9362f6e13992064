import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import {
  askToListen,
  expectStreams,
  listen,
  openStreams,
  readEvents,
  type StreamMessage,
} from "./event-reader.ts";
import { askModern } from "./raw-request.ts";

const uriOf = (id: string) => `veo://tasks/${id}`;
const UPDATED = "notifications/resources/updated";
const TASK = "notifications/tasks";

describe("subscriptions/listen", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld();
    client = await world.until(connectModern(world));
  });
  afterEach(() => world.end());

  const make = async (prompt = "a heron") => {
    const { structuredContent } = await world.until(client.callTool("veo_text_to_video", { prompt }));
    const { submission_id, task_id } = structuredContent ?? {};
    return { submissionId: String(submission_id), taskId: String(task_id) };
  };
  /** What the task is by now, as `notifications/tasks` is to show it. */
  const shown = async (taskId: string) => {
    const { result } = await askModern(world, { method: "tasks/get", params: { taskId } });
    const { resultType, _meta, ...view } = result ?? {};
    expect(resultType).toBe("complete");
    return view;
  };
  const message = (id: string | number, method: string, params: object) => ({
    jsonrpc: "2.0",
    method,
    params: { ...params, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } },
  });
  const ended = (id: string | number) =>
    expect.objectContaining({
      id,
      result: expect.objectContaining({
        resultType: "complete",
        _meta: expect.objectContaining({ [SUBSCRIPTION_ID_META_KEY]: id }),
      }),
    });
  const brief = ({ method, params }: StreamMessage) => [
    method,
    params?.taskId ?? params?.uri,
    params?.status,
  ];
  /** Has the object end all streams, so that what was said on them is all there was. */
  const closeStreams = () =>
    world.inObject((_, state) => {
      for (const socket of state.getWebSockets()) socket.close();
    });
  const subscriptions = () =>
    world.inObject((_, { storage }) => storage.sql.exec("SELECT * FROM subscription").toArray().length);

  it.each([7, 0, "7", "listen:\u00e9"])(
    "acknowledges first, tells what tasks/get answers at that moment, and puts its id %j in every message",
    async (id) => {
      world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 5000 });
      const submitting = client.callTool("veo_text_to_video", { prompt: "a heron" });
      await world.settle();
      const listed = await client.callTool("veo_list_tasks");
      const [, submissionId = ""] =
        /"submission_id":"([^"]+)"/.exec(JSON.stringify(listed.structuredContent)) ?? [];
      const wanted = { taskIds: [submissionId], resourceSubscriptions: [uriOf(submissionId)] };
      const early = await listen(world, { id, notifications: wanted });
      expect(early.acknowledged).toEqual(
        message(id, "notifications/subscriptions/acknowledged", { notifications: wanted }),
      );

      const { structuredContent } = await world.until(submitting);
      expect(await early.next()).toEqual(message(id, TASK, await shown(submissionId)));
      expect(await early.next()).toEqual(message(id, UPDATED, { uri: uriOf(submissionId) }));
      const taskId = String(structuredContent?.task_id);
      const late = await listen(world, {
        id,
        notifications: { resourceSubscriptions: [uriOf(taskId), uriOf(submissionId)] },
      });

      await world.advance(90_000);
      const completed = await early.next();
      expect(completed).toEqual(message(id, TASK, await shown(submissionId)));
      expect(completed.params).toMatchObject({
        status: "completed",
        result: { resultType: "complete", structuredContent: { task_id: taskId, state: "succeeded" } },
      });
      await closeStreams();
      expect(await early.rest()).toEqual([message(id, UPDATED, { uri: uriOf(submissionId) }), ended(id)]);
      expect(await late.rest()).toEqual([
        message(id, UPDATED, { uri: uriOf(submissionId) }),
        message(id, UPDATED, { uri: uriOf(taskId) }),
        ended(id),
      ]);
    },
  );

  it("tells on opening how tasks stand that are over, and of those nothing more", async () => {
    const done = await make();
    const failed = await make("[fail] a heron");
    const cancelled = await make("[slow] a heron");
    const working = await make("[never] a heron");
    const lost = await world.until(
      client.callTool("veo_text_to_video", { prompt: "[lost-response] a heron" }),
    );
    const [lostId = ""] = /sub_[0-9a-f]{32}/.exec(JSON.stringify(lost)) ?? [];
    await world.advance(90_000);
    await askModern(world, { method: "tasks/cancel", params: { taskId: cancelled.submissionId } });
    const all = [done, failed, cancelled, working].map(({ submissionId }) => submissionId);
    const over = [done.submissionId, failed.submissionId, cancelled.submissionId, lostId];
    const stream = await listen(world, {
      notifications: {
        taskIds: [...all, lostId],
        resourceSubscriptions: [uriOf(done.submissionId), uriOf(cancelled.submissionId)],
      },
    });
    const told = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    expect(told.map(brief)).toEqual(
      [
        [TASK, done.submissionId, "completed"],
        [TASK, failed.submissionId, "completed"],
        [TASK, cancelled.submissionId, "cancelled"],
        [TASK, lostId, "completed"],
      ].sort(([, a = ""], [, b = ""]) => (a < b ? -1 : 1)),
    );
    for (const taskId of over)
      expect(told.find(({ params }) => params?.taskId === taskId)).toEqual(
        message(1, TASK, await shown(taskId)),
      );
    // The video that was cancelled comes all the same: the resource shows it, and the task stays as it was.
    await world.advance(700_000);
    await closeStreams();
    expect((await stream.rest()).map(brief)).toEqual([
      [UPDATED, uriOf(cancelled.submissionId), undefined],
      [undefined, undefined, undefined],
    ]);
    expect(await shown(cancelled.submissionId)).toMatchObject({ status: "cancelled" });
  });

  it("tells of a cancellation, once", async () => {
    const { submissionId } = await make();
    const stream = await listen(world, { notifications: { taskIds: [submissionId] } });
    const cancel = () => askModern(world, { method: "tasks/cancel", params: { taskId: submissionId } });
    await cancel();
    expect(await stream.next()).toEqual(message(1, TASK, await shown(submissionId)));
    await cancel();
    await world.advance(90_000);
    await closeStreams();
    expect(await stream.rest()).toEqual([ended(1)]);
  });

  it("leaves out what is unknown, upstream ids, other schemes and repeats, and honours what never changes", async () => {
    const { submissionId, taskId } = await make();
    const stream = await listen(world, {
      notifications: {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        taskIds: [submissionId, "nobody's", submissionId, taskId, "", "x".repeat(100_000)],
        resourceSubscriptions: [
          uriOf("nobody's"),
          uriOf(taskId),
          "veo://models",
          "test://watched",
          "veo://",
          uriOf(taskId),
          `veo://${"x".repeat(100_000)}`,
        ],
      },
    });
    expect(stream.acknowledged.params?.notifications).toEqual({
      taskIds: [submissionId],
      resourceSubscriptions: [uriOf(taskId), "veo://models"],
    });
    await stream.leave();
  });

  it("is over with its acknowledgement when there is nothing to hear of, and takes no place", async () => {
    for (const notifications of [
      { taskIds: ["nobody's"] },
      { resourceSubscriptions: [uriOf("nobody's"), "test://watched"], toolsListChanged: true },
    ]) {
      const stream = await listen(world, { id: "x", notifications });
      expect(stream.acknowledged).toEqual(
        message("x", "notifications/subscriptions/acknowledged", { notifications: {} }),
      );
      expect(await stream.rest()).toEqual([ended("x")]);
    }
    expect([await openStreams(world), await subscriptions()]).toEqual([0, 0]);
  });

  it("hears of what the alarm alone finds, with the object out of memory in between", async () => {
    world.simulator.configure({ generationMs: 10_000 });
    const { submissionId } = await make();
    const stream = await listen(world, { notifications: { taskIds: [submissionId] } });
    const alarmMs = await world.inObject((agent, { storage }) => {
      Reflect.set(agent, "wasHere", true);
      return storage.getAlarm();
    });
    await world.evict();
    vi.setSystemTime(alarmMs ?? 0);
    expect(await runDurableObjectAlarm(env.VEO_AGENT.getByName("owner"))).toBe(true);
    expect(await stream.next()).toMatchObject({ params: { taskId: submissionId, status: "completed" } });
    expect(await world.inObject((agent) => Reflect.has(agent, "wasHere"))).toBe(false);
    await stream.leave();
  });

  it("goes on over any number of evictions", async () => {
    const first = await make();
    const second = await make("[slow] a heron");
    const taskIds = [first.submissionId, second.submissionId];
    const stream = await listen(world, { notifications: { taskIds } });
    for (let turn = 0; turn < 3; turn += 1) {
      await world.evict();
      await world.settle();
    }
    await world.advance(90_000);
    expect((await stream.next()).params).toMatchObject({ taskId: first.submissionId, status: "completed" });
    await world.evict();
    await world.advance(700_000);
    expect((await stream.next()).params).toMatchObject({ taskId: second.submissionId, status: "completed" });
    await world.evict();
    await stream.leave();
    await expectStreams(world, 0);
    expect(await subscriptions()).toBe(0);
  });

  it("breaks off without an answer when the object dies, leaves nothing, and can be opened anew", async () => {
    const { submissionId } = await make();
    const notifications = { taskIds: [submissionId] };
    const stream = await listen(world, { notifications });
    const left = await listen(world, { notifications });
    expect(await subscriptions()).toBe(2);
    await world.crash();
    expect(await stream.rest()).toEqual([]);
    expect(await left.rest()).toEqual([]);
    await world.advance(90_000);
    expect([await openStreams(world), await subscriptions()]).toEqual([0, 0]);
    const again = await listen(world, { notifications });
    expect(await again.next()).toEqual(message(1, TASK, await shown(submissionId)));
    await again.leave();
  });

  it("tells each of several streams what it asked for, and those that are left when one leaves", async () => {
    const heron = await make();
    const crane = await make("[slow] a crane");
    const both = { taskIds: [heron.submissionId, crane.submissionId] };
    const streams = await Promise.all(
      ["a", "b", "c"].map((id) => listen(world, { id, notifications: both })),
    );
    const other = await listen(world, { notifications: { taskIds: [crane.submissionId] } });
    await streams[0]?.leave();
    await expectStreams(world, 3);
    expect(await subscriptions()).toBe(5);
    await world.advance(90_000);
    await streams[1]?.next();
    await streams[1]?.leave();
    await world.advance(700_000);
    await closeStreams();
    expect((await other.rest()).map(brief)).toEqual([
      [TASK, crane.submissionId, "completed"],
      [undefined, undefined, undefined],
    ]);
    expect((await streams[2]?.rest())?.map(brief)).toEqual([
      [TASK, heron.submissionId, "completed"],
      [TASK, crane.submissionId, "completed"],
      [undefined, undefined, undefined],
    ]);
  });

  it("breaks nothing where one stream is asked for twice under the same id", async () => {
    const { submissionId } = await make();
    const notifications = { taskIds: [submissionId] };
    const streams = [
      await readEvents(askToListen(world, { id: 1, notifications })),
      await readEvents(askToListen(world, { id: 1, notifications })),
    ];
    await world.advance(90_000);
    for (const stream of streams) {
      await stream.next();
      expect(await stream.next()).toMatchObject({ method: TASK });
    }
  });
});
