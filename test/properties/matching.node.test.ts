import fc from "fast-check";
import { expect, it } from "vitest";
import { type Matching, matchLost, mayBe } from "../../src/ledger/lost-submissions.ts";
import type { Task } from "../../src/ledger/task.ts";
import type { Observation } from "../../src/veo/observation.ts";
import { NOW_MS, submitted } from "./arbitraries.ts";

const HOUR = 3_600_000;
const OURS = "https://veo.test/callbacks/";
/** Made with a key that was changed since. */
const SEALED_BEFORE = `${OURS}old`;
const prompt = fc.constantFrom("a fox", "a heron");

/** Submissions that nobody knows the end of: often the same was asked, with and without an address of ours. */
const submissions = fc
  .array(
    fc.record({
      prompt,
      rings: fc.constantFrom(null, 0, 1),
      afterMs: fc.nat({ max: 3 * HOUR }),
      isLost: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) =>
    all.map(({ prompt, rings, afterMs, isLost }, index) => ({
      task: submitted(index, NOW_MS + afterMs, { request: { prompt }, rings }),
      isLost,
    })),
  );
/** What the upstream lists: theirs, those of others, of known tasks, with addresses of ours and of strangers. */
const listed = fc.uniqueArray(
  fc.record({
    taskId: fc.integer({ min: 0, max: 9 }).map((number) => `t${number}`),
    address: fc.constantFrom(
      undefined,
      "https://elsewhere.test/",
      `${OURS}another's`,
      SEALED_BEFORE,
      ...Array.from({ length: 5 }, (_, index) => `${OURS}${submitted(index, 0).submissionId}`),
    ),
    prompt: fc.option(prompt),
    afterMs: fc.option(fc.integer({ min: -3 * HOUR, max: 6 * HOUR })),
  }),
  { selector: ({ taskId }) => taskId, maxLength: 8 },
);
const situation = fc.record({
  submissions,
  listed,
  known: fc.subarray(["t0", "t1", "t2"]),
  isComplete: fc.boolean(),
  ownsToken: fc.boolean(),
  isOfPayer: fc.boolean(),
});

const submissionOf = (address: string) =>
  address.startsWith(`${OURS}sub_`) ? address.slice(OURS.length) : undefined;
const looksLikeOurs = (address: string) => address.startsWith(OURS);
const isOurs = (address: string) => looksLikeOurs(address) && address !== SEALED_BEFORE;

const check = (
  judge: (said: {
    lost: Task[];
    seen: Observation[];
    matching: Matching;
    isComplete: boolean;
    verdicts: ReturnType<typeof matchLost>;
  }) => void,
) =>
  fc.assert(
    fc.property(situation, ({ submissions, listed, known, isComplete, ownsToken, isOfPayer }) => {
      const lost = submissions.filter(({ isLost }) => isLost).map(({ task }) => task);
      const seen = listed.map(
        ({ taskId, address, prompt, afterMs }): Observation => ({
          kind: "pending",
          taskId,
          request: prompt === null ? {} : { prompt },
          ...(address !== undefined && { callbackUrl: address }),
          ...(afterMs !== null && { createdAtMs: NOW_MS + afterMs }),
        }),
      );
      const matching: Matching = {
        submissionOf,
        isOurs,
        looksLikeOurs,
        ownsToken,
        isOfPayer: () => isOfPayer,
        ownTask: (taskId) =>
          known.includes(taskId) ? { ...submitted(9, NOW_MS), taskId, state: "processing" } : undefined,
        unanswered: submissions.map(({ task }) => task),
      };
      judge({ lost, seen, matching, isComplete, verdicts: matchLost(lost, { seen, isComplete }, matching) });
    }),
    { numRuns: 2000 },
  );

it("every lost submission has a verdict, and no record is given to two of them, or taken from a known task", () => {
  check(({ lost, matching, verdicts }) => {
    expect([...verdicts.keys()]).toEqual(lost.map(({ submissionId }) => submissionId));
    const found = [...verdicts.values()].flatMap((verdict) =>
      verdict.kind === "found" ? [verdict.seen.taskId] : [],
    );
    expect(new Set(found).size).toBe(found.length);
    for (const taskId of found) expect(matching.ownTask(taskId)).toBeUndefined();
  });
});

it("a submission whose address is in the list is never absent, and is found where its task is nobody else's", () => {
  check(({ lost, seen, matching, verdicts }) => {
    for (const { submissionId } of lost) {
      const theirs = seen.filter(({ callbackUrl }) => callbackUrl === `${OURS}${submissionId}`);
      const verdict = verdicts.get(submissionId);
      if (theirs.length > 0) expect(verdict?.kind).not.toBe("absent");
      if (theirs.length > 0 && theirs.every(({ taskId }) => matching.ownTask(taskId) === undefined))
        expect(theirs).toContain(verdict?.kind === "found" ? verdict.seen : undefined);
    }
  });
});

it("without its address, a submission is found only in a complete list of its own token, and where it has no twin", () => {
  check(({ lost, seen, matching, isComplete, verdicts }) => {
    for (const task of lost) {
      const verdict = verdicts.get(task.submissionId);
      if (verdict?.kind === "absent") expect([isComplete, matching.isOfPayer(task)]).toEqual([true, true]);
      if (verdict?.kind !== "found" || verdict.seen.callbackUrl === `${OURS}${task.submissionId}`) continue;
      expect([isComplete, matching.ownsToken, matching.isOfPayer(task)]).toEqual([true, true, true]);
      expect(isOurs(verdict.seen.callbackUrl ?? "")).toBe(false);
      expect(verdict.seen.request).toEqual(task.request);
      const twins = seen.filter(
        (other) =>
          other.taskId !== verdict.seen.taskId &&
          matching.ownTask(other.taskId) === undefined &&
          other.callbackUrl === undefined &&
          mayBe(task, other, matching),
      );
      expect(twins).toEqual([]);
    }
  });
});
