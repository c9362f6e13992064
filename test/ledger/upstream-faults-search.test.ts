import { afterEach, describe, expect, it } from "vitest";
import { createTroubled, PROMPT, type Troubled } from "./troubled-world.ts";
import { HARMLESS_FAULTS, UPSTREAM_FAULTS } from "./upstream-faults.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let troubled: Troubled;
afterEach(async () => {
  const said = troubled.indiscretions();
  await troubled.world.end();
  expect(said).toEqual([]);
});

/** Whether the upstream is given an address of ours, by which it is known what a task is. */
const ADDRESSES = ["with an address of ours", "without one"] as const;
const begin = async (address: (typeof ADDRESSES)[number] = "with an address of ours") => {
  const CALLBACKS = address === "without one" ? "off" : "auto";
  troubled = await createTroubled({ deployment: { CALLBACKS } });
};

/** Orders a video whose answer is lost, and that the upstream made, or did not. */
const lose = async (isTaken: boolean, prompt = PROMPT) => {
  troubled.strike({ kind: "drop", when: isTaken ? "after" : "before" }, "paid", 1);
  await troubled.ada.call("veo_text_to_video", { prompt });
};
/** @returns the states of what was ordered, the latest first. */
const states = async () => {
  const { structuredContent } = await troubled.ada.call("veo_list_tasks");
  const { tasks } = structuredContent ?? {};
  return Array.isArray(tasks) ? tasks.map(({ state, error }) => error?.code ?? state) : [];
};
const NEVER_ARRIVED = ["never_arrived"];

describe("the search for a lost submission", () => {
  it.each(UPSTREAM_FAULTS)(
    "that meets $what asks seldom, and finds it afterwards",
    async ({ fault, watch }) => {
      await begin();
      const { world, ada, strike, mismatches } = troubled;
      await lose(true);
      strike(fault);
      await world.advance(12 * MINUTE_MS);
      expect(await states()).toEqual(["submitting"]);
      // Seven pages, each shorter than the one before, at each of four looks.
      const most = watch === "stops" ? 1 : fault.kind === "oversized" ? 4 * 7 : 8;
      expect(ada.askedAt().length).toBeLessThanOrEqual(most);
      world.simulator.clearFaults();
      await ada.call("veo_get_task", { task_id: await submissionId(), wait_seconds: 0 });
      await world.advance(12 * MINUTE_MS);
      expect(await states()).toEqual(["succeeded"]);
      expect([world.paidCalls(), await mismatches()]).toEqual([1, []]);
    },
  );
});

describe.each(ADDRESSES)("the search for a lost submission, %s,", (address) => {
  it.each(HARMLESS_FAULTS)("that meets $what finds it at once", async ({ fault }) => {
    await begin(address);
    await lose(true);
    troubled.strike(fault);
    await troubled.world.advance(MINUTE_MS);
    expect(await states()).toEqual(["processing"]);
    expect(await troubled.mismatches()).toEqual([]);
  });

  it("believes that it never arrived only after two looks that could tell, ten minutes apart, though the first days are trouble", async () => {
    await begin(address);
    const { world, strike } = troubled;
    await lose(false);
    strike({ kind: "status", status: 500 });
    world.skip(26 * HOUR_MS);
    await world.advance(MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
    world.simulator.clearFaults();
    await world.advance(9 * MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
    await world.advance(6 * MINUTE_MS);
    expect(await states()).toEqual(NEVER_ARRIVED);
  });

  it.each([HOUR_MS, -HOUR_MS])("is right though the upstream's clock is %i ms ahead", async (clockMs) => {
    await begin(address);
    const { world, mismatches } = troubled;
    world.simulator.configure({ clockMs });
    await lose(true);
    await lose(false, `${PROMPT}, from behind`);
    await world.advance(12 * MINUTE_MS);
    expect(await states()).toEqual([...NEVER_ARRIVED, "succeeded"]);
    expect(await mismatches()).toEqual([]);
  });

  it.each([HOUR_MS, -HOUR_MS, 8 * HOUR_MS])(
    "finds it though the bounds of a list are taken for a time %i ms off",
    async (boundsMs) => {
      await begin(address);
      troubled.world.simulator.configure({ boundsMs });
      await lose(true);
      await troubled.world.advance(12 * MINUTE_MS);
      const isFound = address === "with an address of ours" || boundsMs < 2 * HOUR_MS;
      expect(await states()).toEqual([isFound ? "succeeded" : "submitting"]);
    },
  );
});

describe("a list proves nothing", () => {
  it("when its bounds are taken for another time, as its newest page shows", async () => {
    await begin();
    const { world, ada } = troubled;
    world.simulator.configure({ boundsMs: 8 * HOUR_MS });
    await ada.submit();
    await lose(false);
    await world.advance(25 * MINUTE_MS);
    expect(await states()).toEqual(["submitting", "succeeded"]);
  });

  it.each(["one-page", "cut-short"] as const)(
    "when it has fewer records than it says (%s)",
    async (paging) => {
      await begin();
      const { world, ada } = troubled;
      world.simulator.configure({ paging });
      for (let index = 0; index < 3; index += 1) await troubled.makeElsewhere(`a heron ${index}`);
      await lose(false);
      await world.advance(MINUTE_MS);
      const asked = ada.askedAt().length;
      await world.advance(14 * MINUTE_MS);
      expect((await states())[0]).toBe("submitting");
      // A list that never ends is not read for ever.
      expect(ada.askedAt().length - asked).toBeLessThan(20);
    },
  );

  it("when a record in it cannot be read", async () => {
    await begin();
    const { world, strike } = troubled;
    await lose(false);
    strike({ kind: "body", text: '{"items":[{"odd":1}],"count":1}' });
    await world.advance(15 * MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
  });

  it("when it is refused, and then nobody knows after a day", async () => {
    await begin();
    const { world, strike } = troubled;
    await lose(true);
    strike({ kind: "status", status: 400, code: "bad_request" });
    await world.advance(15 * MINUTE_MS);
    world.skip(24 * HOUR_MS);
    await world.advance(MINUTE_MS);
    expect(await states()).toEqual(["unknown"]);
  });

  it("when the upstream fails each time, and then nobody knows after a week", async () => {
    await begin();
    const { world, strike } = troubled;
    await lose(true);
    strike({ kind: "status", status: 500, code: "api_error" });
    await world.advance(15 * MINUTE_MS);
    world.skip(6 * 24 * HOUR_MS);
    await world.advance(15 * MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
    world.skip(24 * HOUR_MS);
    await world.advance(15 * MINUTE_MS);
    expect(await states()).toEqual(["unknown"]);
    expect(world.paidCalls()).toBe(1);
  });

  it("when a page is missing from it that was there before", async () => {
    await begin("without one");
    const { world, strike } = troubled;
    await lose(true);
    // The newest page has it, and the list of that time has not.
    world.simulator.inject({
      kind: "records",
      change: "missing",
      match: "tasks",
      token: troubled.ada.key,
      skip: 1,
    });
    await world.advance(7000);
    expect(await states()).toEqual(["submitting"]);
    await world.advance(MINUTE_MS);
    expect(await states()).toEqual(["succeeded"]);
    strike({ kind: "records", change: "missing" });
    await lose(false, `${PROMPT}, from behind`);
    await world.advance(25 * MINUTE_MS);
    expect((await states())[0]).toBe("submitting");
  });
});

describe("records that do not show the address that was given", () => {
  it("leave it open what became of a submission, where nothing tells whether they ever do", async () => {
    await begin();
    const { world } = troubled;
    world.simulator.configure({ shownRequest: "without-address" });
    await lose(true);
    await world.advance(15 * MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
    world.skip(24 * HOUR_MS);
    await world.advance(10 * MINUTE_MS);
    expect(await states()).toEqual(["unknown"]);
    expect(world.paidCalls()).toBe(1);
  });

  it("are told by what was asked, where those of known tasks show none either", async () => {
    await begin();
    const { world, ada, mismatches } = troubled;
    world.simulator.configure({ shownRequest: "without-address" });
    await ada.submit("another heron");
    await lose(true);
    await world.advance(3 * MINUTE_MS);
    expect(await states()).toEqual(["succeeded", "succeeded"]);
    await lose(false, "a third heron");
    await world.advance(12 * MINUTE_MS);
    expect((await states())[0]).toBe("never_arrived");
    expect(await mismatches()).toEqual([]);
  });

  it("are somebody else's, where those of known tasks show theirs", async () => {
    await begin();
    const { world, ada } = troubled;
    await ada.submit("another heron");
    await troubled.makeElsewhere();
    await lose(false);
    await world.advance(12 * MINUTE_MS);
    expect((await states())[0]).toBe("never_arrived");
  });

  it("and nothing else of what was asked, exclude nothing", async () => {
    await begin("without one");
    const { world } = troubled;
    world.simulator.configure({ shownRequest: "none" });
    await lose(true);
    await world.advance(15 * MINUTE_MS);
    expect(await states()).toEqual(["submitting"]);
  });
});

/** @returns the submission id of what was ordered last. */
async function submissionId(): Promise<string> {
  const { structuredContent } = await troubled.ada.call("veo_list_tasks");
  return /sub_[0-9a-f]{32}/.exec(JSON.stringify(structuredContent))?.[0] ?? "";
}
