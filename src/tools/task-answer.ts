import { z } from "zod";
import { describeError, failedNextStep } from "../error-words.ts";
import { quote } from "../errors.ts";
import { POLLING_INTERVAL_MS } from "../ledger/schedule.ts";
import { isOpen, TASK_STATES, type Task } from "../ledger/task.ts";
import { TYPICAL_SECONDS } from "../veo/capabilities.ts";
import type { Video } from "../veo/observation.ts";
import type { MediaLink, ToolContext } from "./define-tool.ts";

/**
 * A task as the outside sees it. An allow-list: what is not named here stays inside, so a new column can never
 * leak. Times are ISO 8601 with `Z`.
 */
const videoSchema = z.object({
  video_id: z.string().optional(),
  video_url: z.string(),
  created_at: z.string().optional(),
  completed_at: z.string().optional(),
});

export const taskBriefSchema = z.object({
  submission_id: z.string(),
  task_id: z.string().optional(),
  trace_id: z.string().optional(),
  state: z.enum(TASK_STATES),
  tool: z.string().optional(),
  request: z.record(z.string(), z.unknown()),
  videos: z.array(videoSchema),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
  cancel_requested: z.literal(true).optional(),
  created_at: z.string(),
  finished_at: z.string().optional(),
});

/**
 * A task in a list: what identifies it is spelled out, the rest is as in `veo_get_task`. Every conversation pays for
 * a schema, so it stands in full only once.
 */
export const listedTaskSchema = taskBriefSchema
  .pick({ submission_id: true, task_id: true, state: true })
  .loose();

export const taskAnswerSchema = taskBriefSchema.extend({
  elapsed_seconds: z.number().optional(),
  checked_at: z.string().nullable(),
  next_check_at: z.string().nullable(),
  next_step: z.string(),
  mcp_task_polling: z.looseObject({}),
});

export type TaskBrief = z.input<typeof taskBriefSchema>;
export type TaskAnswer = z.input<typeof taskAnswerSchema>;

const iso = (ms: number): string => new Date(ms).toISOString();

function videoView(video: Video): z.input<typeof videoSchema> {
  return {
    ...(video.videoId !== undefined && { video_id: video.videoId }),
    video_url: video.url,
    ...(video.createdAtMs !== undefined && { created_at: iso(video.createdAtMs) }),
    ...(video.completedAtMs !== undefined && { completed_at: iso(video.completedAtMs) }),
  };
}

/** The task in brief, for lists. */
export function taskBrief(task: Task): TaskBrief {
  return {
    submission_id: task.submissionId,
    ...(task.taskId !== null && { task_id: task.taskId }),
    ...(task.traceId !== null && { trace_id: task.traceId }),
    state: task.state,
    ...(task.tool !== null && { tool: task.tool }),
    request: { ...task.request },
    videos: task.videos.map(videoView),
    ...(task.error !== null && {
      error: { code: quote(task.error.code), message: quote(task.error.message) },
    }),
    ...(task.cancelRequested && { cancel_requested: true as const }),
    created_at: iso(task.createdAtMs),
    ...(task.finishedAtMs !== null && { finished_at: iso(task.finishedAtMs) }),
  };
}

/** What a task's answer also depends on. */
export type Surroundings = Pick<ToolContext, "ledger" | "deployment">;

/** The task in full. */
export function taskAnswer(task: Task, surroundings: Surroundings): TaskAnswer {
  const id = task.taskId ?? task.submissionId;
  const nextStep = nextStepOf(task, id, surroundings);
  const nextLookMs = surroundings.ledger.nextLookMs(task);
  return {
    ...taskBrief(task),
    ...(task.elapsedSeconds !== null && { elapsed_seconds: task.elapsedSeconds }),
    checked_at: task.checkedAtMs === null ? null : iso(task.checkedAtMs),
    next_check_at: nextLookMs === null ? null : iso(nextLookMs),
    next_step: nextStep,
    mcp_task_polling: {
      ...pollingFacts(task, id, nextStep),
      is_complete: task.state === "succeeded",
      is_failed: task.state === "failed",
      state: task.state,
    },
  };
}

/** The keys that the original server answered with (upstream-contract.md), with values that are true here. */
export function pollingFacts(task: Task, id: string, nextStep: string) {
  return {
    task_id: id,
    poll_tool: "veo_get_task",
    batch_poll_tool: "veo_get_tasks_batch",
    recommended_action: isOpen(task) ? "poll" : "stop",
    should_poll: isOpen(task),
    terminal_state_reached: task.state === "succeeded" || task.state === "failed",
    polling_interval_seconds: POLLING_INTERVAL_MS / 1000,
    max_poll_attempts: 100,
    next_step: nextStep,
  };
}

/** @returns why the last look at the upstream failed, and what there is to do about it; undefined when it did not. */
export function troubleText({ ledger, deployment }: Surroundings): string | undefined {
  const failure = ledger.trouble();
  if (failure === undefined) return undefined;
  const { what, nextStep } = describeError({ kind: "upstream", failure }, deployment.payer);
  return `The last check failed. ${what} ${nextStep}`;
}

/** What there is to say of a task that is not watched any more. */
export const givenUpNextStep = (id: string): string =>
  `Nothing was heard of it for a day. Calling veo_get_task with task_id "${id}" asks once more.`;

/** What there is to say of a task that somebody asked to cancel. */
export const cancelledNextStep = (id: string): string =>
  `Cancelling was asked for, but the upstream cannot: the video was paid for and goes on. Call veo_get_task with task_id "${id}" to have it after all.`;

const UNSAID = { code: "unknown", message: "" };

const EDITING_TOOLS = ["veo_upsample", "veo_extend_video", "veo_reshoot", "veo_video_objects"] as const;

function nextStepOf(task: Task, id: string, { ledger, deployment }: Surroundings): string {
  switch (task.state) {
    case "submitting":
    case "processing": {
      const trouble = troubleText({ ledger, deployment });
      if (trouble !== undefined)
        return `${trouble} ${task.lostAtMs === null ? "The video itself goes on" : "It is still to be found out whether it was accepted"}: do not submit it again. When that is over, call veo_get_task with task_id "${id}".`;
      if (task.lostAtMs !== null)
        return `Its answer never came, so it is being found out whether it was accepted: do not submit it again. Call veo_get_task with task_id "${id}" in a few minutes.`;
      if (task.cancelRequested) return cancelledNextStep(id);
      return `Videos take ${TYPICAL_SECONDS.min} to ${TYPICAL_SECONDS.max} s. Call veo_get_task with task_id "${id}" and wait_seconds 50: it answers as soon as there is news. Do not submit again.`;
    }
    case "succeeded": {
      const videoId = task.videos.find((video) => video.videoId !== undefined)?.videoId;
      const link =
        task.videos.length === 0
          ? "It finished without a link: tell the operator."
          : "Show the user the video_url; links expire, and veo_get_task renews them.";
      const editing = EDITING_TOOLS.filter((tool) => !deployment.disabledTools.has(tool));
      if (videoId === undefined || editing.length === 0) return link;
      return `${link} To go on with it, use video_id "${videoId}" with ${editing.join(", ")}.`;
    }
    case "failed":
      return failedNextStep(task.error ?? UNSAID, task.taskId !== null, deployment.payer);
    case "unknown":
      return task.taskId === null
        ? "It is not known whether this was accepted, and it may have been charged. Look with veo_get_tasks_batch without ids before sending it again."
        : givenUpNextStep(id);
  }
}

/** Links to what a task made, for clients that show them. */
export function taskLinks(task: Task): MediaLink[] {
  return task.videos.map((video, index) => {
    const isGif = new URL(video.url).pathname.endsWith(".gif");
    return {
      uri: video.url,
      name: `${video.videoId ?? `${task.submissionId}-${index + 1}`}.${isGif ? "gif" : "mp4"}`,
      title: titleOf(task),
      mimeType: isGif ? "image/gif" : "video/mp4",
    };
  });
}

const TITLE_CHARS = 80;
const titleOf = ({ request }: Task): string =>
  typeof request.prompt === "string"
    ? Array.from(quote(request.prompt)).slice(0, TITLE_CHARS).join("")
    : "Video";
