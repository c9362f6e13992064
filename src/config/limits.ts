import { z } from "zod";
import { wholeNumber } from "./values.ts";

/** What an owner allows. A limit that is not set allows everything. */
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

const limit = wholeNumber(0, 100_000).optional();

/** @param priceKeys everything that can have a price. */
export const limitVariables = (priceKeys: readonly string[]) => ({
  MAX_TASKS_IN_FLIGHT: limit,
  DAILY_GENERATION_LIMIT: limit,
  TEAM_MAX_TASKS_IN_FLIGHT: limit,
  TEAM_DAILY_GENERATION_LIMIT: limit,
  MAX_CREDITS_PER_DAY: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,4})?$/, "must be a number of credits")
    .transform(Number)
    .optional(),
  VEO_PRICES: z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "must be JSON" });
        return z.NEVER;
      }
    })
    .pipe(
      z.record(
        z
          .string()
          .refine((key) => priceKeys.includes(key), `must name what has a price: ${priceKeys.join(", ")}`),
        z.number("must be numbers of credits").nonnegative("must be numbers of credits"),
        "must be an object of prices in credits",
      ),
    )
    .prefault("{}"),
});
