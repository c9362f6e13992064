import { z } from "zod";
import { wholeNumber } from "./values.ts";

/** What an owner allows. A limit that is not set allows everything, and one of 0 nothing. */
export interface Limits {
  account: GenerationLimits;
  /** For all accounts of the deployment together. */
  deployment: GenerationLimits & { creditsPerDay: number | undefined };
  /** Credits by what is bought: those that are published, and those that the owner knows. */
  prices: Readonly<Record<string, number>>;
}

export interface GenerationLimits {
  inFlight: number | undefined;
  perDay: number | undefined;
}

/** Prices have up to four decimals; adding them as binary fractions leaves crumbs, which this takes away. */
export const roundCredits = (credits: number): number => Math.round(credits * 10_000) / 10_000;

const limit = wholeNumber(0, 100_000).optional();
const price = z
  .number()
  .nonnegative()
  .refine((credits) => roundCredits(credits) === credits);

/** As it is: a record of zod's leaves names out that objects have by themselves. */
const jsonObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  'must be a JSON object, such as {"reshoot": 1.2}',
);

/** @param priceKeys everything that can have a price. */
export const limitVariables = (priceKeys: readonly string[]) => ({
  MAX_TASKS_IN_FLIGHT: limit,
  DAILY_GENERATION_LIMIT: limit,
  TEAM_MAX_TASKS_IN_FLIGHT: limit,
  TEAM_DAILY_GENERATION_LIMIT: limit,
  MAX_CREDITS_PER_DAY: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,4})?$/, "must be a number of credits, such as 250 or 12.5")
    .transform(Number)
    .optional(),
  VEO_PRICES: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: 'must be JSON, such as {"reshoot": 1.2}' });
        return z.NEVER;
      }
    })
    .pipe(jsonObject)
    .transform((given, context) => readPrices(given, priceKeys, (message) => context.addIssue(message)))
    .prefault("{}"),
});

/** Names of ours are said, since they are no secrets; what else was written is not. */
function readPrices(
  given: Readonly<Record<string, unknown>>,
  priceKeys: readonly string[],
  complain: (message: string) => void,
): Record<string, number> {
  const prices: Record<string, number> = {};
  for (const [key, value] of Object.entries(given)) {
    const { success, data } = price.safeParse(value);
    if (!priceKeys.includes(key))
      complain(`has a name without a meaning; it may have ${priceKeys.join(", ")}`);
    else if (success) prices[key] = data;
    else complain(`must give "${key}" a number of credits: not below 0, with at most 4 decimals`);
  }
  return prices;
}
