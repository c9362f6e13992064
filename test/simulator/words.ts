import { type Fault, faultSchema } from "./faults.ts";

/**
 * Words that a prompt may contain to ask for a certain course of things. The settings can apply them to
 * calls that have no prompt (upsample, reshoot, removal of an object).
 */
export const SIMULATOR_WORDS = [
  { word: "[fast]", meaning: "takes one second at the most" },
  { word: "[slow]", meaning: "takes ten times as long" },
  { word: "[never]", meaning: "never ends" },
  { word: "[fail]", meaning: "ends with `success: false` and an `error`" },
  { word: "[fail-state]", meaning: "ends with a word of failure in `state`, without `success`" },
  { word: "[fail-bare]", meaning: "ends with `success: false` and nothing that says why" },
  { word: "[no-media]", meaning: "ends with a word of success, but without a media URL" },
  { word: "[two]", meaning: "ends with two videos" },
  { word: "[sync]", meaning: "is answered at once with the final body, in spite of `async`" },
  { word: "[no-callback]", meaning: "its callback is never delivered" },
  { word: "[early-callback]", meaning: "its callback comes 4 s before its own record says so" },
  { word: "[late-callback]", meaning: "its callback comes a minute after its end" },
  { word: "[repeated-callback]", meaning: "its callback comes twice at once, and again after 20 s" },
  { word: "[callback-flood]", meaning: "calls back 100 times in the two minutes after its submission" },
  { word: "[reject]", meaning: "refused: 400 `bad_request`" },
  { word: "[used-up]", meaning: "refused: 403 `used_up`" },
  { word: "[busy]", meaning: "refused: 429 `too_many_requests` with `Retry-After: 2`" },
  { word: "[trouble]", meaning: "refused: 500 `api_error`" },
  { word: "[html]", meaning: "refused: 502 with a gateway's HTML page" },
  { word: "[drop]", meaning: "the connection breaks; no task was made" },
  { word: "[hang]", meaning: "no answer ever comes; no task was made" },
  { word: "[lost-response]", meaning: "the task is made (and paid), then the connection breaks" },
  { word: "[lost-hang]", meaning: "the task is made (and paid), but no answer ever comes" },
  { word: "[truncated]", meaning: "the task is made (and paid), but its answer is cut in half" },
  { word: "[no-task-id]", meaning: "the task is made (and paid), but its answer is `{}`" },
] as const satisfies readonly { readonly word: string; readonly meaning: string }[];

export type SimulatorWord = (typeof SIMULATOR_WORDS)[number]["word"];

/** How a task ends. */
export type Fate = "success" | "success-without-media" | "failure" | "failure-by-state" | "failure-bare";

const FAST_MS = 1000;
const SLOW_FACTOR = 10;

const FAULT_OF_WORD: Partial<Record<SimulatorWord, Fault>> = {
  "[reject]": faultSchema.parse({
    kind: "status",
    status: 400,
    code: "bad_request",
    message: "prompt: refused by the simulator, as asked",
  }),
  "[used-up]": faultSchema.parse({
    kind: "status",
    status: 403,
    code: "used_up",
    message: "The balance is used up.",
  }),
  "[busy]": faultSchema.parse({
    kind: "status",
    status: 429,
    code: "too_many_requests",
    message: "Too many requests.",
    retryAfterSeconds: 2,
  }),
  "[trouble]": faultSchema.parse({ kind: "status", status: 500, message: "Something went wrong." }),
  "[html]": faultSchema.parse({ kind: "html" }),
  "[drop]": faultSchema.parse({ kind: "drop" }),
  "[hang]": faultSchema.parse({ kind: "hang" }),
  "[lost-response]": faultSchema.parse({ kind: "drop", when: "after" }),
  "[lost-hang]": faultSchema.parse({ kind: "hang", when: "after" }),
  "[truncated]": faultSchema.parse({ kind: "truncated" }),
  "[no-task-id]": faultSchema.parse({ kind: "body", when: "after", text: "{}" }),
};

/** The words in a prompt, in the order of the table. */
export function wordsIn(text: string): SimulatorWord[] {
  return SIMULATOR_WORDS.map(({ word }) => word).filter((word) => text.includes(word));
}

/** The fault that the words ask for at submission, if any. */
export function faultOf(words: readonly SimulatorWord[]): Fault | undefined {
  return words.map((word) => FAULT_OF_WORD[word]).find((fault) => fault !== undefined);
}

/** How a task with these words ends. */
export function fateOf(words: readonly SimulatorWord[]): Fate {
  if (words.includes("[fail]")) return "failure";
  if (words.includes("[fail-state]")) return "failure-by-state";
  if (words.includes("[fail-bare]")) return "failure-bare";
  return words.includes("[no-media]") ? "success-without-media" : "success";
}

/** How long a task with these words takes, in milliseconds; infinite for `[never]`. */
export function durationOfMs(words: readonly SimulatorWord[], generationMs: number): number {
  if (words.includes("[never]")) return Number.POSITIVE_INFINITY;
  if (words.includes("[slow]")) return generationMs * SLOW_FACTOR;
  return words.includes("[fast]") ? Math.min(FAST_MS, generationMs) : generationMs;
}
