import { z } from "zod";
import { ok } from "../errors.ts";
import { defineTool, INFORMS } from "./define-tool.ts";
import { PROMPT_GUIDE, promptGuideMarkdown } from "./prompt-guide.ts";

export const veoGetPromptGuide = defineTool({
  name: "veo_get_prompt_guide",
  title: "Prompt guide",
  description:
    "How to write a prompt that makes a good video, with examples. Free; read it before the first video.",
  annotations: INFORMS,
  input: () => z.strictObject({}),
  output: z.object({
    parts: z.array(z.object({ part: z.string(), say: z.string(), example: z.string() })),
    advice: z.array(z.string()),
    example: z.string(),
  }),
  run: async () => ok({ structured: PROMPT_GUIDE, markdown: promptGuideMarkdown() }),
});
