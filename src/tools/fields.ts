import { z } from "zod";
import {
  ASPECT_RATIOS,
  MODEL_NAMES,
  type Model,
  RESOLUTIONS,
  type Resolution,
  TEXT_TO_VIDEO_MODELS,
} from "../veo/capabilities.ts";
import { idArgument, urlArgument } from "./arguments.ts";
import type { Deployment } from "./define-tool.ts";

/** Arguments that several tools share: one wording, one set of limits. */

/** The upstream names no limit; this one is far above what a model reads, and keeps rows small. */
const MAX_PROMPT_CHARS = 10_000;

export const promptField = z
  .string()
  .max(MAX_PROMPT_CHARS, `must be at most ${MAX_PROMPT_CHARS} characters`)
  .refine((text) => text.trim() !== "", "must not be empty");

export const aspectRatioField = z.enum(ASPECT_RATIOS).describe("Width to height.");
export const resolutionField = z.enum(RESOLUTIONS).describe("Default 720p; 4k only with veo31.");
export const videoIdField = idArgument.describe("The video_id of a finished video (not a task_id).");
export const translationField = z.boolean().default(false).describe("Translate the prompt to English first.");

export const textModelField = ({ defaultModel }: Deployment) =>
  z.enum(TEXT_TO_VIDEO_MODELS).default(defaultModel).describe("See veo_list_models.");
export const modelField = ({ defaultModel }: Deployment) =>
  z.enum(MODEL_NAMES).default(defaultModel).describe("See veo_list_models.");

/** What every paid tool takes beside its own arguments. */
export const submissionFields = {
  callback_url: urlArgument.optional().describe("Your http(s) address; gets the result as a POST."),
  idempotency_key: z
    .string()
    .min(1, "must not be empty")
    .max(64, "must be at most 64 characters")
    .refine((key) => key.trim() === key, "must not begin or end with a blank")
    .optional()
    .describe("Same key and arguments: the first task answers and nothing is paid twice."),
};

/** @returns the resolution as the wire has it: 720p is what comes when nothing is said. */
export const onTheWire = (resolution: string | undefined): Resolution | undefined =>
  resolution === "1080p" || resolution === "4k" || resolution === "gif" ? resolution : undefined;

/** @returns what is wrong with a resolution for a model, if anything. */
export function resolutionProblem(
  model: Model,
  resolution: Resolution | undefined,
  supported: readonly Resolution[],
): string | undefined {
  if (resolution === undefined || supported.includes(resolution)) return undefined;
  return `resolution "${resolution}" is not available with ${model}: use ${["720p", ...supported].join(", ")}, or another model.`;
}
