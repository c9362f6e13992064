import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf } from "../payers/payer.ts";
import { createTroubled, PROMPT, type Troubled } from "./troubled-world.ts";
import { HARMLESS_FAULTS, RETRY_AFTER_SECONDS, TAKEN_UNHEARD, UPSTREAM_FAULTS } from "./upstream-faults.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The longest that the upstream is left alone. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
/** When a task of a minute is looked at, where nothing goes wrong. */
const SCHEDULE = [15, 25, 35, 45, 55, 65];

let troubled: Troubled;
beforeEach(async () => {
  troubled = await createTroubled();
});
afterEach(async () => {
  const said = troubled.indiscretions();
  await troubled.world.end();
  expect(said).toEqual([]);
});

const call = (tool: string, args: object) => troubled.ada.call(tool, { ...args });
const order = (args: object = {}) => call("veo_text_to_video", { prompt: PROMPT, ...args });
const poll = async (id: string) =>
  (await call("veo_get_task", { task_id: id, wait_seconds: 0 })).structuredContent;
const list = async () => (await call("veo_list_tasks", {})).structuredContent;
const gapsOf = (times: number[]) => times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe("a paid call", () => {
  it.each(UPSTREAM_FAULTS)("that meets $what is paid once at most, and ends well", async (row) => {
    const { world, ada, strike, mismatches } = troubled;
    strike(row.fault, "paid", 1);
    const answer = await order({ idempotency_key: "k" });
    expect(JSON.stringify(answer)).not.toContain(ada.key);
    const isTaken = world.simulator.tasks.length === 1;
    if (row.paid === "refused") {
      expect(errorOf(answer)).toMatchObject({ code: row.code ?? "upstream_error", retryable: row.retryable });
      expect(await list()).toMatchObject({ tasks: [{ state: "failed" }] });
    } else {
      const undetermined = { code: "submission_undetermined", retryable: false };
      expect(errorOf(answer)).toMatchObject(undetermined);
      expect(errorOf(await order({ idempotency_key: "k" }))).toMatchObject(undetermined);
    }
    await world.advance(isTaken ? 3 * MINUTE_MS : 11 * MINUTE_MS);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: isTaken ? "succeeded" : "failed" }] });
    expect([world.paidCalls(), await mismatches()]).toEqual([1, []]);
    const again = await order({ idempotency_key: "k" });
    expect(again.structuredContent).toMatchObject({ state: isTaken ? "succeeded" : "processing" });
  });

  it.each(TAKEN_UNHEARD)("that was taken, and answered with $what, is found", async ({ fault }) => {
    const { world, strike, mismatches } = troubled;
    strike({ ...fault, when: "after" }, "paid", 1);
    expect(errorOf(await order())).toMatchObject({ code: "submission_undetermined" });
    await world.advance(3 * MINUTE_MS);
    expect(await list()).toMatchObject({ count: 1, tasks: [{ state: "succeeded" }] });
    expect([world.paidCalls(), await mismatches()]).toEqual([1, []]);
  });

  it.each(HARMLESS_FAULTS.filter(({ fault }) => fault.kind !== "records"))(
    "that meets $what is taken",
    async ({ fault }) => {
      troubled.strike(fault, "paid", 1);
      expect((await order()).structuredContent).toMatchObject({ state: "processing" });
    },
  );
});

describe("the watch", () => {
  /** Six minutes, in each of which the upstream rings. */
  const sixMinutes = async () => {
    const { world } = troubled;
    const address = world.simulator.tasks[0]?.callbackUrl ?? "";
    for (let minute = 0; minute < 6; minute += 1) {
      await world.advance(MINUTE_MS);
      expect((await world.fetch(address, { method: "POST" })).status).toBe(204);
    }
  };

  it.each(UPSTREAM_FAULTS)(
    "that meets $what asks seldom, recovers, and disturbs nobody else's",
    async (row) => {
      const { world, ada, joinBob, strike, mismatches } = troubled;
      const bob = await joinBob();
      const taskId = await ada.submit(PROMPT);
      const bobs = await bob.submit(PROMPT);
      strike(row.fault);
      await sixMinutes();
      const asked = ada.askedAt();
      const told = await poll(taskId);
      expect(told).toMatchObject({ state: "processing" });
      expect(JSON.stringify(told)).not.toContain(ada.key);
      expect(bob.askedAt()).toEqual(SCHEDULE);
      expect(await bob.stateOf(bobs)).toBe("succeeded");
      if (row.watch === "goes on")
        // The schedule's, three echoes of the first ring, and one for each ring.
        expect(asked.length).toBeLessThanOrEqual(26 + 3 + 6);
      else expect(told?.next_step).toContain("The last check failed.");
      if (row.watch === "stops") expect(asked).toEqual([15]);
      if (row.watch === "backs off") {
        const gaps = gapsOf(asked);
        // After 5, 10, 20, 40, 80 and 160 s, whoever rings.
        expect(asked.length).toBeLessThanOrEqual(7);
        expect(gaps.length).toBeGreaterThanOrEqual(3);
        expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
        if (row.fault.kind === "status" && row.fault.retryAfterSeconds === RETRY_AFTER_SECONDS)
          expect(gaps[0]).toBe(RETRY_AFTER_SECONDS);
      }
      world.simulator.clearFaults();
      await poll(taskId);
      await world.advance(LONGEST_PAUSE_MS);
      expect(await ada.stateOf(taskId)).toBe("succeeded");
      expect([world.paidCalls(), await mismatches()]).toEqual([2, []]);
    },
  );

  it.each(HARMLESS_FAULTS)("that meets $what has its news as ever", async ({ fault }) => {
    const { world, ada, strike, mismatches } = troubled;
    const taskId = await ada.submit(PROMPT);
    strike(fault);
    await world.advance(75_000);
    expect(await ada.stateOf(taskId)).toBe("succeeded");
    expect(ada.askedAt()).toHaveLength(SCHEDULE.length);
    expect(await mismatches()).toEqual([]);
  });

  it("waits for a task whose record is missing, and is not held up by it", async () => {
    const { world, ada, strike } = troubled;
    const taskId = await ada.submit(PROMPT);
    strike({ kind: "records", change: "missing" });
    await world.advance(4 * MINUTE_MS);
    expect(await ada.stateOf(taskId)).toBe("processing");
    world.simulator.clearFaults();
    await world.advance(20_000);
    expect(await ada.stateOf(taskId)).toBe("succeeded");
  });

  it("comes back after each pause at another moment than others, sooner than after a whole one, and never later", async () => {
    const { world, ada, joinBob } = troubled;
    const bob = await joinBob();
    await ada.submit(PROMPT);
    await bob.submit(PROMPT);
    world.simulator.inject({ kind: "status", status: 500, match: "tasks", times: "forever" });
    let draws = 0;
    vi.spyOn(Math, "random").mockImplementation(() => (draws++ % 2 === 0 ? 0 : 0.5));
    await world.advance(2 * MINUTE_MS);
    const [adas, bobs] = [gapsOf(ada.askedAt()), gapsOf(bob.askedAt())];
    expect(adas[0]).not.toBe(bobs[0]);
    for (const gaps of [adas, bobs])
      for (const [index, gap] of gaps.entries()) {
        expect(gap).toBeLessThanOrEqual(5 * 2 ** index);
        expect(gap).toBeGreaterThanOrEqual(5 * 2 ** index * 0.8);
      }
  });

  it.each([
    ["refused", { kind: "status", status: 400, code: "bad_request" }],
    ["too long", { kind: "oversized" }],
  ] as const)("of fifty tasks of which all are %s costs few requests, and pauses", async (_what, fault) => {
    const { world, ada, strike } = troubled;
    await Promise.all(Array.from({ length: 50 }, (_, index) => ada.submit(`${PROMPT} ${index}`)));
    strike(fault);
    await world.advance(2 * MINUTE_MS);
    // Five rounds, of eleven requests at most each to find three of the tasks that it may be about.
    expect(ada.askedAt().length).toBeLessThanOrEqual(5 * 11);
    world.simulator.clearFaults();
    await world.advance(LONGEST_PAUSE_MS);
    const { structuredContent } = await call("veo_list_tasks", { state: "succeeded", limit: 50 });
    expect(structuredContent).toMatchObject({ count: 50 });
  });

  it("finds the others though the records of some are too long to be read", async () => {
    const { world, ada, strike } = troubled;
    const ids = await Promise.all(Array.from({ length: 6 }, (_, index) => ada.submit(`${PROMPT} ${index}`)));
    // More than a round looks for, and the first that are asked about.
    const tooLong = new Set(ids.slice(0, 4));
    const { fetch } = globalThis;
    vi.stubGlobal("fetch", async (input: Request | URL | string, init?: RequestInit) => {
      const asked = new Request(input, init);
      const text = await asked.clone().text();
      if ([...tooLong].some((id) => text.includes(id))) strike({ kind: "oversized" }, "tasks", 1);
      return fetch(asked);
    });
    await world.advance(75_000);
    const states = await Promise.all(ids.map((id) => ada.stateOf(id)));
    expect(states).toEqual(ids.map((id) => (tooLong.has(id) ? "processing" : "succeeded")));
  });

  it("looks at a task that was made elsewhere as at a new one, though the upstream's clock is ahead", async () => {
    const { world, ada } = troubled;
    world.simulator.configure({ clockMs: HOUR_MS });
    const { taskId } = await troubled.makeElsewhere();
    expect(await ada.stateOf(taskId)).toBe("processing");
    await world.advance(75_000);
    expect(await list()).toMatchObject({ tasks: [{ task_id: taskId, state: "succeeded" }] });
  });

  it.each([HOUR_MS, -HOUR_MS])(
    "keeps its times though the upstream's clock is %i ms ahead",
    async (clockMs) => {
      const { world, ada } = troubled;
      world.simulator.configure({ clockMs });
      const taskId = await ada.submit(PROMPT);
      await world.advance(75_000);
      expect(ada.askedAt()).toEqual(SCHEDULE);
      expect(await poll(taskId)).toMatchObject({ state: "succeeded", elapsed_seconds: 60 });
    },
  );
});

describe("who asks", () => {
  const questionsAbout = ({ taskId, traceId }: { taskId: string; traceId: string }) =>
    [
      ["veo_get_task", { task_id: taskId, wait_seconds: 0 }],
      ["veo_get_task", { trace_id: traceId, wait_seconds: 0 }],
      ["veo_get_tasks_batch", {}],
    ] as const;
  /** @returns a video that was finished seven hours ago, so that its link is stale. */
  const makeLongAgo = async () => {
    const { world, ada } = troubled;
    const taskId = await ada.submit(PROMPT);
    await world.advance(75_000);
    const finished = await poll(taskId);
    await world.advance(7 * HOUR_MS);
    // The Worker asks whether the key is still good; that is before the trouble.
    await list();
    return { taskId, videos: finished?.videos, checkedAt: finished?.checked_at };
  };
  /** A poll of a stale link makes it due; the next one has the fresh one. */
  const checkedAt = async (taskId: string) => {
    await poll(taskId);
    await troubled.world.advance(10_000);
    return (await poll(taskId))?.checked_at;
  };

  it.each(UPSTREAM_FAULTS)(
    "while the upstream answers with $what is told why, keeps what there is, and has the rest afterwards",
    async (row) => {
      const { world, ada, strike, mismatches } = troubled;
      const old = await makeLongAgo();
      const elsewhere = await troubled.makeElsewhere();
      const before = ada.askedAt().length;
      strike(row.fault);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const [tool, args] of questionsAbout(elsewhere)) {
          const answer = await call(tool, args);
          expect(JSON.stringify(answer)).not.toContain(ada.key);
          if (row.code !== undefined)
            expect(errorOf(answer)).toMatchObject({ code: row.code, retryable: row.retryable });
          else if (tool === "veo_get_task") expect(errorOf(answer)).toMatchObject({ code: "not_found" });
        }
        expect(await poll(old.taskId)).toMatchObject({ state: "succeeded", videos: old.videos });
      }
      // One for each question and the link, or fewer: the first failure answers the others.
      expect(ada.askedAt().length - before).toBeLessThanOrEqual(4);
      world.simulator.clearFaults();
      await world.advance(HOUR_MS);
      for (const [tool, args] of questionsAbout(elsewhere))
        expect((await call(tool, args)).structuredContent).toBeDefined();
      expect(await checkedAt(old.taskId)).not.toBe(old.checkedAt);
      expect([world.paidCalls(), await mismatches()]).toEqual([2, []]);
    },
  );

  it.each(HARMLESS_FAULTS)("while the upstream answers with $what is answered", async ({ fault }) => {
    const { strike } = troubled;
    const old = await makeLongAgo();
    const elsewhere = await troubled.makeElsewhere();
    const [byId, byTrace, history] = questionsAbout(elsewhere);
    strike(fault);
    for (const [tool, args] of [byId, byTrace])
      expect((await call(tool, args)).structuredContent).toMatchObject({ task_id: elsewhere.taskId });
    expect(await list()).toMatchObject({ count: 2 });
    expect(await checkedAt(old.taskId)).not.toBe(old.checkedAt);
    // What is on a page of history is the account's: there is nothing to tell it from.
    if (fault.kind !== "records" || fault.change !== "foreign")
      expect((await call(...history)).structuredContent).toMatchObject({ count: 2 });
  });
});
