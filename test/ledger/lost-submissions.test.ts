import { describe, expect, it } from "vitest";
import { type Matching, matchLost } from "../../src/ledger/lost-submissions.ts";
import { newSubmissionId } from "../../src/ledger/submission-id.ts";
import type { Task } from "../../src/ledger/task.ts";
import { adopted } from "../../src/ledger/transitions.ts";
import type { Observation, RecordFacts } from "../../src/veo/observation.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = 100 * HOUR_MS;
const OURS = "https://ours.test/";
/** Of an address that was made before `SECRET_KEY` was changed, nobody can tell whose it is. */
const OF_EARLIER_KEY = "https://earlier.test/";
const REQUEST = { action: "text2video", prompt: "a heron", model: "veo31-fast" };

/** What the upstream shows of a task. */
const record = (taskId: string, more: Partial<RecordFacts> = {}): Observation => ({
  kind: "pending",
  taskId,
  tool: "veo_text_to_video",
  request: REQUEST,
  createdAtMs: NOW_MS,
  ...more,
});
/** A submission of ours: with an address of ours where it says so, and with the id that it was answered with. */
const submission = ({
  hasAddress = false,
  taskId = null as string | null,
  request = REQUEST,
} = {}): Task => ({
  ...adopted(record("t"), newSubmissionId(), 1, NOW_MS),
  taskId,
  request,
  state: taskId === null ? "submitting" : "processing",
  rings: hasAddress ? 0 : null,
  lostAtMs: taskId === null ? NOW_MS : null,
  requestHash: "hash",
});
const addressOf = ({ submissionId }: Task) => ({ callbackUrl: `${OURS}${submissionId}` });

interface Case extends Partial<Pick<Matching, "ownsToken">> {
  isOfPayer?: boolean;
  lost: Task;
  seen: Observation[];
  known?: Task[];
  alsoUnanswered?: Task[];
  isComplete?: boolean;
}
/** @returns what is made of a lost submission: the id that it was found under, or the verdict. */
function verdictOf({
  lost,
  seen,
  known = [],
  alsoUnanswered = [],
  isComplete = true,
  isOfPayer = true,
  ownsToken = true,
}: Case) {
  const verdict = matchLost(
    [lost],
    { seen, isComplete },
    {
      ownsToken,
      isOfPayer: () => isOfPayer,
      unanswered: [lost, ...alsoUnanswered],
      ownTask: (taskId) => known.find((task) => task.taskId === taskId),
      submissionOf: (url) => (url.startsWith(OURS) ? url.slice(OURS.length) : undefined),
      isOurs: (url) => url.startsWith(OURS),
      looksLikeOurs: (url) => url.startsWith(OURS) || url.startsWith(OF_EARLIER_KEY),
    },
  ).get(lost.submissionId);
  return verdict?.kind === "found" ? verdict.seen.taskId : verdict?.kind;
}

describe("a lost submission with an address of ours", () => {
  const lost = submission({ hasAddress: true });
  const other = submission({ hasAddress: true, taskId: "known" });
  const shown = record("known", addressOf(other));
  const hidden = record("known");

  it.each<[string, Omit<Case, "lost">, string]>([
    ["is the record that has it", { seen: [record("a", addressOf(lost)), record("b")] }, "a"],
    [
      "is that one in a list that is not complete",
      { seen: [record("a", addressOf(lost))], isComplete: false },
      "a",
    ],
    [
      "is that one where others use the token too",
      { seen: [record("a", addressOf(lost))], ownsToken: false },
      "a",
    ],
    [
      "is that one whenever the upstream thinks it was made",
      { seen: [record("a", { ...addressOf(lost), createdAtMs: 0 })] },
      "a",
    ],
    [
      "is not a task that another one was answered with",
      { seen: [record("known", addressOf(lost))], known: [other] },
      "undecidable",
    ],
    [
      "is that one in the list of another token",
      { seen: [record("a", addressOf(lost))], isOfPayer: false },
      "a",
    ],
    ["is absent from an empty list", { seen: [] }, "absent"],
    ["is not absent from the list of another token", { seen: [], isOfPayer: false }, "undecidable"],
    ["is not absent from a list that is not complete", { seen: [], isComplete: false }, "undecidable"],
    ["is not the record with another address", { seen: [record("a", addressOf(other))] }, "absent"],
    [
      "is not the record with an address of somebody's",
      { seen: [record("a", { callbackUrl: "https://b.test/" })] },
      "absent",
    ],
    [
      "is not the record that asks for something else",
      { seen: [record("a", { request: { prompt: "a crane" } })] },
      "absent",
    ],
    [
      "may be the record whose address cannot be opened any more",
      { seen: [record("a", { callbackUrl: OF_EARLIER_KEY }), shown], known: [other] },
      "undecidable",
    ],
    ["may be the record that has no address, for all that is known", { seen: [record("a")] }, "undecidable"],
    [
      "may be the record that shows nothing of what was asked",
      { seen: [record("a", { request: {} })] },
      "undecidable",
    ],
    [
      "is not that one where known tasks show their address",
      { seen: [record("a"), shown], known: [other] },
      "absent",
    ],
    ["is that one where known tasks do not", { seen: [record("a"), hidden], known: [other] }, "a"],
    ["is absent where neither is there", { seen: [hidden], known: [other] }, "absent"],
    [
      "is neither of two of those",
      { seen: [record("a"), record("b"), hidden], known: [other] },
      "undecidable",
    ],
    [
      "is not that one where others use the token too",
      { seen: [record("a"), hidden], known: [other], ownsToken: false },
      "undecidable",
    ],
    [
      "is not that one in a list that is not complete",
      { seen: [record("a"), hidden], known: [other], isComplete: false },
      "undecidable",
    ],
    [
      "is not that one where a known task is asked otherwise in its record",
      { seen: [record("known", { request: { prompt: "A HERON" } })], known: [other] },
      "undecidable",
    ],
  ])("%s", (_what, more, expected) => {
    expect(verdictOf({ lost, ...more })).toBe(expected);
  });
});

describe("a lost submission without an address of ours", () => {
  const lost = submission();
  const other = submission({ taskId: "known" });

  it.each<[string, Omit<Case, "lost">, string]>([
    [
      "is the only record that asks for the same",
      { seen: [record("a"), record("b", { request: { prompt: "b" } })] },
      "a",
    ],
    [
      "is that one with an address of the caller's",
      { seen: [record("a", { callbackUrl: "https://b.test/" })] },
      "a",
    ],
    [
      "may be that one with an address that looks like ours",
      { seen: [record("a", { callbackUrl: OF_EARLIER_KEY })] },
      "undecidable",
    ],
    [
      "is not that one in the list of another token",
      { seen: [record("a")], isOfPayer: false },
      "undecidable",
    ],
    [
      "is that one with a clock an hour ahead",
      { seen: [record("a", { createdAtMs: NOW_MS + HOUR_MS })] },
      "a",
    ],
    [
      "is that one with a clock an hour behind",
      { seen: [record("a", { createdAtMs: NOW_MS - HOUR_MS })] },
      "a",
    ],
    ["is not one of another time", { seen: [record("a", { createdAtMs: NOW_MS - 3 * HOUR_MS })] }, "absent"],
    ["is not one of another tool", { seen: [record("a", { tool: "veo_extend_video" })] }, "absent"],
    ["is not a known task", { seen: [record("known")], known: [other] }, "absent"],
    ["is neither of two", { seen: [record("a"), record("b")] }, "undecidable"],
    [
      "is not that one where others use the token too",
      { seen: [record("a")], ownsToken: false },
      "undecidable",
    ],
    [
      "is not that one in a list that is not complete",
      { seen: [record("a")], isComplete: false },
      "undecidable",
    ],
    [
      "is not that one where it has a twin",
      { seen: [record("a")], alsoUnanswered: [submission()] },
      "undecidable",
    ],
    [
      "is that one where another one asked for something else",
      { seen: [record("a")], alsoUnanswered: [submission({ request: { ...REQUEST, prompt: "b" } })] },
      "a",
    ],
    [
      "may be the record that shows nothing of what was asked",
      { seen: [record("a", { request: {} })] },
      "undecidable",
    ],
    ["is not told from that one", { seen: [record("a"), record("b", { request: {} })] }, "undecidable"],
    [
      "is not absent where a known task is asked otherwise in its record",
      { seen: [record("known", { request: { prompt: "A HERON" } })], known: [other] },
      "undecidable",
    ],
    [
      "is absent where others use the token too, and none asked for the same",
      { seen: [], ownsToken: false },
      "absent",
    ],
  ])("%s", (_what, more, expected) => {
    expect(verdictOf({ lost, ...more })).toBe(expected);
  });
});
