import { z } from "zod";
import { ok } from "../errors.ts";
import { ASPECT_RATIOS, MODEL_NAMES, MODELS, RETIRED } from "../veo/capabilities.ts";
import { type Deployment, defineTool, INFORMS } from "./define-tool.ts";
import { markdownTable } from "./markdown-table.ts";

const modelsSchema = z.object({
  default_model: z.string(),
  models: z.array(
    z.object({
      model: z.string(),
      title: z.string(),
      tier: z.string(),
      text_to_video: z.boolean(),
      max_images: z.number(),
      resolutions: z.array(z.string()),
      summary: z.string(),
    }),
  ),
  aspect_ratios: z.array(z.string()),
  retired: z.record(z.string(), z.string()),
});
export type ModelsAnswer = z.input<typeof modelsSchema>;

/** The models of a deployment, as data. */
export const modelsAnswer = ({ defaultModel }: Deployment): ModelsAnswer => ({
  default_model: defaultModel,
  models: MODEL_NAMES.map((model) => {
    const { title, tier, textToVideo, images, resolutions, summary } = MODELS[model];
    return {
      model,
      title,
      tier,
      text_to_video: textToVideo,
      max_images: images.max,
      resolutions: ["720p", ...resolutions],
      summary,
    };
  }),
  aspect_ratios: [...ASPECT_RATIOS],
  retired: { ...RETIRED.model },
});

/** The table of models that the tool and the README show. */
export const modelsTable = (): string =>
  markdownTable(
    ["Model", "", "Text to video", "Images", "Resolutions", ""],
    MODEL_NAMES.map((model) => {
      const { title, textToVideo, images, resolutions, summary } = MODELS[model];
      const counts = `${images.min}–${images.max}`;
      return [
        `\`${model}\``,
        title,
        textToVideo ? "yes" : "no",
        counts,
        ["720p", ...resolutions].join(", "),
        summary,
      ];
    }),
  );

export const veoListModels = defineTool({
  name: "veo_list_models",
  title: "List models",
  description: "The models: what each can do, and which to choose. Free.",
  annotations: INFORMS,
  input: () => z.strictObject({}),
  output: modelsSchema,
  run: async (_args, { deployment }) => {
    const structured = modelsAnswer(deployment);
    const retired = Object.entries(structured.retired).map(([old, now]) => `\`${old}\` (use \`${now}\`)`);
    const markdown = [
      "# Veo models",
      modelsTable(),
      `The default is \`${structured.default_model}\`. All make native audio. Aspect ratios: ${ASPECT_RATIOS.join(", ")}. Retired: ${retired.join(", ")}.`,
    ].join("\n\n");
    return ok({ structured, markdown });
  },
});
