import { z } from "zod";

const videoSchema = z.looseObject({ video_url: z.url() });

/** A tool's answer, as much of it as these tests look at. */
export const toolResultSchema = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), uri: z.string().optional() })),
  structuredContent: z.looseObject({
    state: z.string().optional(),
    submission_id: z.string().optional(),
    task_id: z.string().optional(),
    videos: z.array(videoSchema).optional(),
    tasks: z
      .array(
        z.looseObject({
          submission_id: z.string(),
          task_id: z.string().optional(),
          state: z.string(),
          videos: z.array(videoSchema),
        }),
      )
      .optional(),
    next_cursor: z.string().optional(),
  }),
});
export type ToolResult = z.infer<typeof toolResultSchema>;

const failureSchema = z.looseObject({
  isError: z.literal(true),
  content: z.array(z.looseObject({ text: z.string().optional() })),
  _meta: z.looseObject({ "veo/error": z.looseObject({ code: z.string(), retryable: z.boolean() }) }),
});

/** A tool that answered, and said that it failed. */
export class ToolFailure extends Error {
  readonly code: string;
  readonly isRetryable: boolean;

  constructor({ content, _meta }: z.infer<typeof failureSchema>) {
    const { code, retryable } = _meta["veo/error"];
    super(`${code}: ${content.map(({ text = "" }) => text).join(" ")}`);
    this.code = code;
    this.isRetryable = retryable;
  }
}

/** Reads a tool's answer, as a client hands it over; throws a `ToolFailure` when it says that the tool failed. */
export function readToolResult(answer: unknown): ToolResult {
  const failure = failureSchema.safeParse(answer);
  if (failure.success) throw new ToolFailure(failure.data);
  return toolResultSchema.parse(answer);
}
