import { z } from "zod";
import { ok } from "../errors.ts";
import type { Usage } from "../ledger/usage-store.ts";
import { defineTool, QUERIES } from "./define-tool.ts";

const spendingSchema = z.object({
  generations: z.number(),
  /** Of what has a known price. */
  credits: z.number(),
  unpriced: z.number(),
  by: z.array(z.looseObject({ tool: z.string(), generations: z.number() })),
});

const sum = (usages: readonly Usage[], field: "generations" | "credits" | "unpriced"): number =>
  // Prices have up to four decimals; adding them as binary fractions leaves crumbs.
  Math.round(usages.reduce((total, usage) => total + usage[field], 0) * 10_000) / 10_000;

const spending = (usages: readonly Usage[]): z.input<typeof spendingSchema> => ({
  generations: sum(usages, "generations"),
  credits: sum(usages, "credits"),
  unpriced: sum(usages, "unpriced"),
  by: usages.map(({ tool, model, generations, credits, unpriced }) => ({
    tool,
    ...(model !== "" && { model }),
    generations,
    credits: sum([{ tool, model, generations, credits, unpriced }], "credits"),
    ...(unpriced > 0 && { unpriced }),
  })),
});

export const veoGetUsage = defineTool({
  name: "veo_get_usage",
  title: "Get usage",
  description:
    "How many videos this account ordered today and in the last 30 days, the credits of those with a known price, and what is left of the owner's limits. Free.",
  annotations: QUERIES,
  input: () => z.strictObject({}),
  output: z.object({
    today: spendingSchema,
    last_30_days: spendingSchema,
    in_flight: z.number(),
    limits: z.array(
      z.looseObject({ limit: z.string(), used: z.number(), allowed: z.number(), left: z.number() }),
    ),
    note: z.string().optional(),
  }),
  async run(_args, { ledger }) {
    const { today, month, inFlight, limits, isComplete } = await ledger.usage();
    return ok({
      structured: {
        today: spending(today),
        last_30_days: spending(month),
        in_flight: inFlight,
        limits: limits.map(({ limit, used, allowed, resetsAtMs }) => ({
          limit,
          used,
          allowed,
          left: Math.max(0, allowed - used),
          ...(resetsAtMs !== null && { resets_at: new Date(resetsAtMs).toISOString() }),
        })),
        ...(!isComplete && { note: "The limits of the whole server cannot be asked for at the moment." }),
      },
    });
  },
});
