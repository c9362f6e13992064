import { z } from "zod";
import type { PaidTool } from "./capabilities.ts";
import { type PublicRequest, publicRequest } from "./paid-request.ts";
import { optionalError, optionalId } from "./upstream-text.ts";
import { parseUpstreamTimeMs } from "./upstream-time.ts";

/** One finished medium of a task. */
export const videoSchema = z.object({
  videoId: z.string().optional(),
  url: z.string(),
  createdAtMs: z.number().optional(),
  completedAtMs: z.number().optional(),
});
export type Video = z.infer<typeof videoSchema>;

/** What one look at the upstream said about one task. */
export type Observation = RecordFacts &
  (
    | { kind: "pending" }
    | { kind: "succeeded"; videos: Video[] }
    | { kind: "failed"; code: string; message: string }
  );

/** What a record says besides how the task stands. */
export interface RecordFacts {
  taskId: string;
  traceId?: string;
  tool?: PaidTool;
  request: PublicRequest;
  /** Where the upstream was asked to ring. It stays inside: whoever knows an address of ours can ring there. */
  callbackUrl?: string;
  createdAtMs?: number;
  finishedAtMs?: number;
  elapsedSeconds?: number;
}

const SUCCESS_WORDS = new Set(["succeeded", "succeed", "success", "complete", "completed", "finished"]);
const FAILURE_WORDS = new Set(["failed", "failure", "error", "cancelled", "canceled", "rejected"]);
const PENDING_WORDS = new Set(["running", "processing", "pending", "queued", "submitted"]);

// `catch` everywhere: a field that is not what it should be reads as absent, so that one odd field never costs
// the task its record. The fields are documented in upstream-contract.md.
const text = z.string().min(1).optional().catch(undefined);
const itemSchema = z.record(z.string(), z.unknown());
const responseSchema = z.looseObject({
  success: z.boolean().optional().catch(undefined),
  state: text,
  status: text,
  task_id: optionalId,
  trace_id: optionalId,
  error: optionalError,
  data: z
    .union([z.array(z.unknown()), itemSchema.transform((item): unknown[] => [item])])
    .optional()
    .catch(undefined),
});
type UpstreamResponse = z.infer<typeof responseSchema>;
const recordSchema = z.looseObject({
  id: optionalId,
  trace_id: optionalId,
  type: text,
  created_at: z.unknown().optional(),
  started_at: z.unknown().optional(),
  finished_at: z.unknown().optional(),
  elapsed: z.number().nonnegative().optional().catch(undefined),
  request: z.unknown().optional(),
  response: responseSchema.nullish().catch(undefined),
});

/** Of the request as the upstream keeps it: what stays inside. */
const askedSchema = z.looseObject({ callback_url: text }).catch({ callback_url: undefined });

/**
 * Reads a task record, in any of the shapes that the upstream's sources show.
 * @returns undefined when there is no task in it (`null`, `{}`, an error body, anything unreadable).
 */
export function observeRecord(record: unknown): Observation | undefined {
  const parsed = recordSchema.safeParse(record);
  if (!parsed.success) return undefined;
  const { id, response } = parsed.data;
  const taskId = id ?? response?.task_id;
  if (taskId === undefined) return undefined;
  const traceId = parsed.data.trace_id ?? response?.trace_id;
  const createdAtMs =
    parseUpstreamTimeMs(parsed.data.created_at) ?? parseUpstreamTimeMs(parsed.data.started_at);
  const finishedAtMs = parseUpstreamTimeMs(parsed.data.finished_at);
  const request = publicRequest(parsed.data.request);
  const tool = toolOf(parsed.data.type, request);
  const { callback_url: callbackUrl } = askedSchema.parse(parsed.data.request);
  return {
    taskId,
    request,
    ...(traceId !== undefined && { traceId }),
    ...(tool !== undefined && { tool }),
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(createdAtMs !== undefined && { createdAtMs }),
    ...(finishedAtMs !== undefined && { finishedAtMs }),
    ...(parsed.data.elapsed !== undefined && { elapsedSeconds: parsed.data.elapsed }),
    ...withoutAddress(outcomeOf(response ?? {}), callbackUrl),
  };
}

/** Reads records, one observation per task; what cannot be read is not there. */
export function observeRecords(records: readonly unknown[]): Map<string, Observation> {
  const seen = new Map<string, Observation>();
  for (const record of records) {
    const observation = observeRecord(record);
    if (observation !== undefined)
      seen.set(observation.taskId, clearest(observation, seen.get(observation.taskId)));
  }
  return seen;
}

/**
 * Of two records of one task, the one to believe: an end rather than what is still to come, and a video rather than a
 * failure, since it is there.
 */
export const clearest = (seen: Observation, twin: Observation | undefined): Observation =>
  twin === undefined || CLARITY[seen.kind] > CLARITY[twin.kind] ? seen : twin;
const CLARITY = { pending: 0, failed: 1, succeeded: 2 } as const;

/** What the upstream said, without the address that it was given to ring at: whoever knows it can ring there. */
const withoutAddress = (outcome: Outcome, address: string | undefined): Outcome =>
  outcome.kind !== "failed" || address === undefined
    ? outcome
    : {
        ...outcome,
        code: outcome.code.replaceAll(address, "[address]"),
        message: outcome.message.replaceAll(address, "[address]"),
      };

/** Reads the body that a paid call answered with, when it already carries the result (upstream-contract.md). */
export function observeFinalBody(taskId: string, body: unknown): Observation | undefined {
  const response = responseSchema.safeParse(body);
  if (!response.success) return undefined;
  const outcome = outcomeOf(response.data);
  // "success" without a medium means that the order was accepted: AceDataCloud's own server goes on polling then.
  if (outcome.kind === "pending" || (outcome.kind === "succeeded" && outcome.videos.length === 0))
    return undefined;
  const { trace_id: traceId } = response.data;
  return { taskId, request: {}, ...(traceId !== undefined && { traceId }), ...outcome };
}

type Outcome =
  | { kind: "pending" }
  | { kind: "succeeded"; videos: Video[] }
  | { kind: "failed"; code: string; message: string };

function outcomeOf(response: Partial<UpstreamResponse>): Outcome {
  const items = (response.data ?? []).map((item) => itemSchema.safeParse(item).data ?? {});
  const words = [response.state, response.status, ...items.flatMap((item) => [item.state, item.status])]
    .filter((word) => typeof word === "string")
    .map((word) => word.toLowerCase());
  const videos = items.flatMap(videoOf).slice(0, MAX_VIDEOS);
  const says = (vocabulary: ReadonlySet<string>) => words.some((word) => vocabulary.has(word));

  if (response.success === false) return failure(response);
  // A medium beside a word of failure: something was made and paid for, so it is not thrown away.
  if (videos.length > 0 && (response.success === true || says(SUCCESS_WORDS)))
    return { kind: "succeeded", videos };
  if (says(FAILURE_WORDS)) return failure(response);
  // "success" beside data that says it still runs means the request was accepted, not that there is a video.
  if (response.success === true && !says(PENDING_WORDS)) return { kind: "succeeded", videos };
  return { kind: "pending" };
}

function failure(response: Partial<UpstreamResponse>): Outcome {
  const { code, message } = response.error ?? {};
  return { kind: "failed", code: code ?? "unknown", message: message ?? "" };
}

/** A task makes one; records with hundreds are a fault, and would not fit into a row. */
const MAX_VIDEOS = 50;
const MEDIA_KEYS = ["video_url", "gif_url", "image_url", "url"];

function videoOf(item: Record<string, unknown>): Video[] {
  const keys = [...MEDIA_KEYS, ...Object.keys(item).filter((key) => key.endsWith("_url"))];
  const url = keys.map((key) => item[key]).find(isHttpUrl);
  if (url === undefined) return [];
  const videoId = [item.id, item.video_id].map((id) => optionalId.parse(id)).find(Boolean);
  const createdAtMs = parseUpstreamTimeMs(item.created_at);
  const completedAtMs = parseUpstreamTimeMs(item.complete_at ?? item.completed_at);
  return [
    {
      url,
      ...(videoId !== undefined && { videoId }),
      ...(createdAtMs !== undefined && { createdAtMs }),
      ...(completedAtMs !== undefined && { completedAtMs }),
    },
  ];
}

/** Only http(s): whatever else a record carries must not become a link that a client offers to open. */
function isHttpUrl(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 4096) return false;
  return URL.canParse(value) && ["http:", "https:"].includes(new URL(value).protocol);
}

function toolOf(type: string | undefined, request: PublicRequest): PaidTool | undefined {
  if (request.motion_type !== undefined) return "veo_reshoot";
  switch (request.action) {
    case "text2video":
      return "veo_text_to_video";
    case "image2video":
    case "ingredients2video":
      return "veo_image_to_video";
    case "get1080p":
      return "veo_get_1080p";
    case "1080p":
    case "4k":
    case "gif":
      return "veo_upsample";
    case "insert":
    case "remove":
      return "veo_video_objects";
    default:
      return type?.includes("extend") ? "veo_extend_video" : undefined;
  }
}
