import { z } from "zod";
import { roundCredits } from "../config/limits.ts";
import { ok } from "../errors.ts";
import type { Usage } from "../ledger/usage-store.ts";
import { defineTool, INFORMS } from "./define-tool.ts";
import { limitView } from "./limit-view.ts";

const amounts = {
  generations: z.number(),
  /** Of what has a known price; `unpriced` is how many have none. */
  credits: z.number(),
  unpriced: z.number(),
};
const spendingSchema = z.object({
  ...amounts,
  by: z.array(z.object({ tool: z.string(), model: z.string().optional(), ...amounts })),
});

const sum = (usages: readonly Usage[], field: keyof typeof amounts): number =>
  roundCredits(usages.reduce((total, usage) => total + usage[field], 0));

const amountsOf = (usages: readonly Usage[]) => ({
  generations: sum(usages, "generations"),
  credits: sum(usages, "credits"),
  unpriced: sum(usages, "unpriced"),
});

const spending = (usages: readonly Usage[]): z.input<typeof spendingSchema> => ({
  ...amountsOf(usages),
  by: usages.map((usage) => ({
    tool: usage.tool,
    ...(usage.model !== "" && { model: usage.model }),
    ...amountsOf([usage]),
  })),
});

export const veoGetUsage = defineTool({
  name: "veo_get_usage",
  title: "Get usage",
  description:
    "What this account ordered today (UTC) and in the last 30 days, by tool and model, in videos and known credits, and what is left of the owner's limits. Free. unpriced counts the videos without a known price. For single videos use veo_list_tasks.",
  annotations: INFORMS,
  input: () => z.strictObject({}),
  output: z.object({
    today: spendingSchema,
    last_30_days: spendingSchema,
    in_flight: z.number(),
    limits: z.array(
      z.object({
        limit: z.string(),
        used: z.number(),
        allowed: z.number(),
        left: z.number(),
        resets_at: z.string().optional(),
      }),
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
        limits: limits.map((status) => ({ ...limitView(status), left: status.left })),
        ...(!isComplete && { note: "The limits of the whole server cannot be asked for at the moment." }),
      },
    });
  },
});
