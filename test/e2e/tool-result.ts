import { z } from "zod";

const videoSchema = z.looseObject({ video_url: z.url() });

/** A tool's answer, as much of it as these tests look at. */
export const toolResultSchema = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), uri: z.string().optional() })),
  structuredContent: z.looseObject({
    state: z.string().optional(),
    task_id: z.string().optional(),
    videos: z.array(videoSchema).optional(),
    tasks: z
      .array(
        z.looseObject({ task_id: z.string().optional(), state: z.string(), videos: z.array(videoSchema) }),
      )
      .optional(),
  }),
});
export type ToolResult = z.infer<typeof toolResultSchema>;
