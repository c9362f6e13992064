import fc from "fast-check";

/** How somebody learns of the end of a video. */
const MANNERS = ["waits", "polls", "subscribes", "leaves"] as const;

/** What somebody is going to ask for, and how they behave. */
export interface Order {
  /** In the prompt of no other order: it is found by this word. */
  readonly word: string;
  readonly client: string;
  readonly tool: "veo_text_to_video" | "veo_image_to_video";
  readonly args: { readonly prompt: string; readonly idempotency_key?: string };
  readonly manner: (typeof MANNERS)[number];
  /** Before a call is repeated, and before the next order. */
  readonly pauseMs: number;
  /** How long somebody who leaves stays. */
  readonly stayMs: number;
}

/** More orders than a client makes. */
const PLANNED = 1000;

const oneOf = (words: Readonly<Record<string, number>>) =>
  fc.oneof(...Object.entries(words).map(([word, weight]) => ({ weight, arbitrary: fc.constant(word) })));
const upTo = (max: number) => fc.noBias(fc.integer({ min: 0, max }));

/** The words that the simulator obeys: how it ends, how long it takes, and how it rings. */
const chance = fc.record({
  words: fc.tuple(
    oneOf({ "": 14, "[fail]": 1, "[fail-state]": 1, "[fail-bare]": 1, "[two]": 2, "[sync]": 1 }),
    oneOf({ "": 6, "[fast]": 2, "[slow]": 1 }),
    oneOf({
      "": 4,
      "[no-callback]": 1,
      "[early-callback]": 1,
      "[late-callback]": 1,
      "[repeated-callback]": 1,
      "[callback-flood]": 1,
    }),
  ),
  hasKey: fc.boolean(),
  // An address of the caller's own takes the place of ours: a lost order is then found by what was asked.
  hasOwnAddress: fc.noBias(fc.integer({ min: 1, max: 5 })).map((value) => value === 1),
  hasImage: fc.noBias(fc.integer({ min: 1, max: 5 })).map((value) => value === 1),
  manner: fc.constantFrom(...MANNERS),
  pauseMs: upTo(4000).map((ms) => ms + 1000),
  stayMs: upTo(1500),
});

/** @returns what one client is going to order: the same for the same seed. */
export function planOrders(client: string, prefix: string, seed: number): Order[] {
  return fc.sample(chance, { seed, numRuns: PLANNED }).map((chosen, index) => {
    const word = `${prefix}${String(index + 1).padStart(3, "0")}`;
    const { words, hasKey, hasOwnAddress, hasImage, ...behaviour } = chosen;
    const prompt = ["A paper boat in the rain,", word, ...words].filter((part) => part !== "").join(" ");
    return {
      word,
      client,
      tool: hasImage ? "veo_image_to_video" : "veo_text_to_video",
      args: {
        prompt,
        ...(hasKey && { idempotency_key: `key-${word}` }),
        ...(hasOwnAddress && { callback_url: "https://soak.invalid/rings" }),
        ...(hasImage && { image_urls: ["https://soak.invalid/boat.jpg"] }),
      },
      ...behaviour,
    };
  });
}
