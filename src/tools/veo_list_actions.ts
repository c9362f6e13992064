import { z } from "zod";
import { ok } from "../errors.ts";
import { ACTIONS, MOTION_NAMES, MOTIONS, PAID_TOOLS, type PaidTool, PRICES } from "../veo/capabilities.ts";
import { pricesOf } from "../veo/prices.ts";
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

/**
 * The table of paid operations that the tool and the README show.
 * @param prices in credits: the published ones, unless the owner knows better.
 */
export const actionsTable = (tools: readonly PaidTool[] = PAID_TOOLS, prices = PRICES): string =>
  markdownTable(
    ["Tool", "", "Known price in credits"],
    tools.map((tool) => {
      const known = Object.entries(pricesOf(tool, prices)).map(([key, credits]) =>
        [...key.split(":").slice(1), credits].join(" "),
      );
      return [`\`${tool}\``, ACTIONS[tool].summary, known.join(", ") || "not published"];
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
    "What can be done with videos, what each costs as far as that is known, and the camera movements. Free.",
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
        known_credits: pricesOf(tool, deployment.prices),
      })),
      motion_types: deployment.disabledTools.has("veo_reshoot") ? {} : { ...MOTIONS },
    };
    const sections = ["# What can be done", actionsTable(tools, deployment.prices)];
    if (!deployment.disabledTools.has("veo_reshoot"))
      sections.push("## Camera movements of veo_reshoot", motionsTable());
    return ok({ structured, markdown: sections.join("\n\n") });
  },
});
