import { z } from "zod";
import { ok } from "../errors.ts";
import { ACTIONS, MOTION_NAMES, MOTIONS, PAID_TOOLS, type PaidTool, PRICES } from "../veo/capabilities.ts";
import { type Deployment, defineTool, INFORMS } from "./define-tool.ts";
import { markdownTable } from "./markdown-table.ts";

const actionsSchema = z.object({
  actions: z.array(
    z.object({
      tool: z.string(),
      title: z.string(),
      summary: z.string(),
      known_credits: z.record(z.string(), z.number()),
    }),
  ),
  motion_types: z.record(z.string(), z.string()),
});

const offered = ({ disabledTools }: Deployment) => PAID_TOOLS.filter((tool) => !disabledTools.has(tool));
const knownCredits = (tool: PaidTool): Record<string, number> =>
  Object.fromEntries(
    ACTIONS[tool].prices.flatMap((key) => (PRICES[key] === undefined ? [] : [[key, PRICES[key]]])),
  );

/** The table of paid operations that the tool and the README show. */
export const actionsTable = (tools: readonly PaidTool[] = PAID_TOOLS): string =>
  markdownTable(
    ["Tool", "", "Published price in credits"],
    tools.map((tool) => {
      const prices = Object.entries(knownCredits(tool)).map(([key, credits]) =>
        key.includes(":") ? `${key.split(":")[1]} ${credits}` : String(credits),
      );
      return [`\`${tool}\``, ACTIONS[tool].summary, prices.join(", ") || "not published"];
    }),
  );

/** The table of camera movements. */
export const motionsTable = (): string =>
  markdownTable(
    ["motion_type", ""],
    MOTION_NAMES.map((motion) => [`\`${motion}\``, MOTIONS[motion]]),
  );

export const veoListActions = defineTool({
  name: "veo_list_actions",
  title: "List actions",
  description:
    "What can be done with videos, what each costs as far as it is published, and the camera movements. Free.",
  annotations: INFORMS,
  input: () => z.strictObject({}),
  output: actionsSchema,
  run: async (_args, { deployment }) => {
    const tools = offered(deployment);
    const structured = {
      actions: tools.map((tool) => ({
        tool,
        title: ACTIONS[tool].title,
        summary: ACTIONS[tool].summary,
        known_credits: knownCredits(tool),
      })),
      motion_types: deployment.disabledTools.has("veo_reshoot") ? {} : { ...MOTIONS },
    };
    const sections = ["# What can be done", actionsTable(tools)];
    if (!deployment.disabledTools.has("veo_reshoot"))
      sections.push("## Camera movements of veo_reshoot", motionsTable());
    return ok({ structured, markdown: sections.join("\n\n") });
  },
});
