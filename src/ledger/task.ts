import { z } from "zod";
import { PAID_TOOLS } from "../veo/capabilities.ts";
import { videoSchema } from "../veo/observation.ts";
import type { PublicRequest } from "../veo/paid-request.ts";

export const TASK_STATES = ["submitting", "processing", "succeeded", "failed", "unknown"] as const;
export type TaskState = (typeof TASK_STATES)[number];

const publicRequestSchema: z.ZodType<PublicRequest> = z.record(
  z.string(),
  z.union([z.string(), z.boolean(), z.array(z.string())]),
);

/** One paid job of an account, from the moment before it is sent. */
export const taskSchema = z.object({
  /** The order of the ledger, newest first: creation time in ms × 1000, plus a number that makes it unique. */
  position: z.number(),
  /** Ours, unguessable, there from the first moment. */
  submissionId: z.string(),
  /** The upstream's, null while there is none. */
  taskId: z.string().nullable(),
  traceId: z.string().nullable(),
  state: z.enum(TASK_STATES),
  /** Null for an adopted task of a kind that we do not know. */
  tool: z.enum(PAID_TOOLS).nullable(),
  request: publicRequestSchema,
  videos: z.array(videoSchema),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  elapsedSeconds: z.number().nullable(),
  /** When the upstream last said something of it. */
  checkedAtMs: z.number().nullable(),
  /** When the upstream was last asked, whatever it said. */
  lookedAtMs: z.number().nullable(),
  /** When it is due to be looked at; null when nobody watches it. */
  nextCheckAtMs: z.number().nullable(),
  /** Somebody asked to cancel it. The upstream cannot, so it goes on. */
  cancelRequested: z.boolean(),
  /** When it was cancelled or given up, and so over for the Tasks extension, whatever else is learnt of it. */
  settledAtMs: z.number().nullable(),
  /** How many rings of the upstream counted; null where it was not given a callback address of ours. */
  rings: z.number().nullable(),
  /** When the latest ring that counted came. */
  rangAtMs: z.number().nullable(),
  /** When its submission was found to have no answer; null for all others. */
  lostAtMs: z.number().nullable(),
  /** When a lost submission was first missing from a complete list of the upstream's. */
  absentAtMs: z.number().nullable(),
  /** Which token pays, until it is known what became of the submission; null in rows of earlier releases. */
  payerHash: z.string().nullable(),
  /** What it costs; null where nobody knows. */
  credits: z.number().nullable(),
  /** Whether the deployment's budget has still to be told how it ended; null where it was not asked. */
  settlement: z.enum(["due", "done"]).nullable(),
  idempotencyKey: z.string().nullable(),
  /** Of the request as it was sent, to tell a repeat from a conflict. */
  requestHash: z.string().nullable(),
});
export type Task = z.infer<typeof taskSchema>;

/** What every task begins with, whoever made it. */
export const AT_FIRST = {
  videos: [],
  error: null,
  finishedAtMs: null,
  elapsedSeconds: null,
  cancelRequested: false,
  settledAtMs: null,
  rangAtMs: null,
  lostAtMs: null,
  absentAtMs: null,
} satisfies Partial<Task>;

/** Whether the upstream has yet to say how it ends. */
export const isOpen = (task: Task): boolean => task.state === "submitting" || task.state === "processing";
