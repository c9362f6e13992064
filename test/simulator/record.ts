import type { Dialect } from "./dialect.ts";
import { type SimulatedTask, stateOf } from "./task.ts";
import type { JsonObject } from "./wire.ts";

/** Every value that identifies the paying account begins so; no answer of ours may contain it. */
export const ACCOUNT_SECRET_PREFIX = "acct-secret-";

/** Every signature in a media URL begins so; no log line of ours may contain it. */
export const MEDIA_SIGNATURE_PREFIX = "sim-signed-";

const STARTS_AFTER_MS = 500;
const UTC8_MS = 8 * 3600 * 1000;

type TimeFormat = "unix" | "utc8" | "iso";

/** A task record as `/veo/tasks` shows it at a moment (Unix milliseconds). */
export function recordOf(task: SimulatedTask, nowMs: number): JsonObject {
  const { times } = task.dialect;
  const done = stateOf(task, nowMs) !== "pending";
  const startedAtMs = Math.min(task.submittedAtMs + STARTS_AFTER_MS, task.finishesAtMs);
  const account = `${task.token.length}${task.token.slice(-4)}`;
  return {
    _id: `${ACCOUNT_SECRET_PREFIX}record-${task.taskId}`,
    id: task.taskId,
    api_id: `${ACCOUNT_SECRET_PREFIX}api-veo`,
    application_id: `${ACCOUNT_SECRET_PREFIX}application-${account}`,
    credential_id: `${ACCOUNT_SECRET_PREFIX}credential-${account}`,
    user_id: `${ACCOUNT_SECRET_PREFIX}user-${account}`,
    created_at: written(task.submittedAtMs, times === "mixed" ? "unix" : times),
    ...(startedAtMs > nowMs ? {} : { started_at: written(startedAtMs, times === "mixed" ? "iso" : times) }),
    ...(done
      ? {
          finished_at: written(task.finishesAtMs, times === "mixed" ? "unix" : times),
          elapsed: (task.finishesAtMs - task.submittedAtMs) / 1000,
        }
      : {}),
    type: task.path.slice("/veo/".length),
    trace_id: task.traceId,
    request: task.request,
    ...(done ? { response: finalBodyOf(task) } : pendingResponse(task)),
  };
}

/** The body that a blocking call answers with, that a callback carries, and that a record ends up with. */
export function finalBodyOf(task: SimulatedTask): JsonObject {
  const ids = { task_id: task.taskId, trace_id: task.traceId };
  switch (task.fate) {
    case "failure":
      return {
        success: false,
        ...ids,
        error: { code: "api_error", message: "The prompt was refused by the safety filter." },
      };
    case "failure-bare":
      return { success: false, ...ids };
    case "failure-by-state":
      return { ...ids, data: dataOf(task, { state: task.dialect.failureWord }, false) };
    case "success-without-media":
      return { ...ids, data: dataOf(task, { state: task.dialect.successWord }, false) };
    case "success": {
      const { success, successWord } = task.dialect;
      const flag = success === "state" ? {} : { success: true };
      const state = success === "flag" ? {} : { state: successWord };
      return { ...flag, ...ids, data: dataOf(task, state, true) };
    }
  }
}

function pendingResponse(task: SimulatedTask): JsonObject {
  const ids = { task_id: task.taskId, trace_id: task.traceId };
  const { pending } = task.dialect;
  switch (pending) {
    case "absent":
      return {};
    case "null":
      return { response: null };
    case "empty":
      return { response: {} };
    case "ids":
      return { response: ids };
    case "running":
    case "processing":
    case "pending":
    case "queued": {
      const created_at = written(task.submittedAtMs, itemTimes(task.dialect));
      return { response: { ...ids, data: task.videoIds.map((id) => ({ id, created_at, state: pending })) } };
    }
  }
}

function dataOf(task: SimulatedTask, state: { readonly state?: string }, withMedia: boolean): JsonObject[] {
  const times = itemTimes(task.dialect);
  return task.videoIds.map((id) => ({
    id,
    ...(withMedia ? { [task.isGif ? task.dialect.gifKey : "video_url"]: mediaUrl(task, id) } : {}),
    created_at: written(task.submittedAtMs, times),
    complete_at: written(task.finishesAtMs, times),
    ...state,
  }));
}

/** Looks like a signed link of a CDN: whoever has it can fetch the video, so it belongs in no log. */
function mediaUrl(task: SimulatedTask, videoId: string): string {
  const extension = task.isGif ? "gif" : "mp4";
  const signature = `${MEDIA_SIGNATURE_PREFIX}${task.traceId.slice(0, 8)}`;
  return `${task.mediaOrigin}/videos/${videoId}.${extension}?sig=${signature}`;
}

function itemTimes(dialect: Dialect): TimeFormat {
  return dialect.times === "mixed" ? "utc8" : dialect.times;
}

function written(atMs: number, format: TimeFormat): number | string {
  switch (format) {
    case "unix":
      return atMs / 1000;
    case "iso":
      return new Date(atMs).toISOString();
    case "utc8":
      return new Date(atMs + UTC8_MS).toISOString().slice(0, 19).replace("T", " ");
  }
}
