import { describeError, fail, ok, type Payer, type Result } from "../errors.ts";
import type { PaidTool } from "../veo/capabilities.ts";
import { type PaidRequest, publicRequest } from "../veo/paid-request.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { newSubmissionId } from "./submission-id.ts";
import type { Task } from "./task.ts";
import { accepted, afterLook, refused, undetermined } from "./transitions.ts";

/** What a paid tool asks for, already checked. */
export interface Order {
  tool: PaidTool;
  request: PaidRequest;
  callbackUrl?: string | undefined;
  idempotencyKey?: string | undefined;
}

/** Makes the address at which the upstream may ring for a submission. */
export type CallbackAddress = (submissionId: string) => string;

/** A submission without an answer for this long after its deadline was cut off in the middle. */
const ABANDONED_GRACE_MS = 30_000;
/** Old tasks are forgotten a few at a time, with the writes that happen anyway. */
const FORGET_AT_ONCE = 20;

export interface SubmissionSettings {
  requestTimeoutMs: number;
  retentionMs: number;
  payer: Payer;
}

/**
 * Sends a paid request, once: the row is written before the request, and the answer completes it. Whatever
 * happens in between, the row says what to look for.
 */
export async function submit(
  is: LedgerDependencies,
  settings: SubmissionSettings,
  order: Order,
  callbackAddress?: CallbackAddress,
): Promise<Result<Task>> {
  const requestHash = await hashOf(order);
  const token = is.credential.ofCall();
  if (token === undefined)
    return fail({ kind: "upstream", failure: { kind: "status", status: 401, code: "no_token" } });

  // From here to the insert nothing awaits: two calls with one key cannot both pass.
  const { idempotencyKey = null } = order;
  const first = idempotencyKey === null ? undefined : is.tasks.byIdempotencyKey(idempotencyKey);
  if (first !== undefined) return repeat(is, settings, first, requestHash);
  const createdAtMs = is.now();
  const submissionId = newSubmissionId();
  // A caller's own address takes the place of ours: the upstream has room for one.
  const ours = order.callbackUrl === undefined ? callbackAddress?.(submissionId) : undefined;
  const task: Task = {
    position: is.tasks.positionFor(createdAtMs),
    submissionId,
    taskId: null,
    traceId: null,
    state: "submitting",
    tool: order.tool,
    request: publicRequest(order.request.body),
    videos: [],
    error: null,
    createdAtMs,
    finishedAtMs: null,
    elapsedSeconds: null,
    checkedAtMs: null,
    lookedAtMs: null,
    nextCheckAtMs: createdAtMs + settings.requestTimeoutMs + ABANDONED_GRACE_MS,
    cancelRequested: false,
    settledAtMs: null,
    rings: ours === undefined ? null : 0,
    rangAtMs: null,
    idempotencyKey,
    requestHash,
  };
  is.tasks.insert(task);
  is.tasks.forgetEndedBefore(createdAtMs - settings.retentionMs, FORGET_AT_ONCE);
  await is.arm();
  return send(is, settings, task, { ...order, callbackUrl: order.callbackUrl ?? ours }, token);
}

async function send(
  is: LedgerDependencies,
  settings: SubmissionSettings,
  submitted: Task,
  order: Order,
  token: string,
): Promise<Result<Task>> {
  const outcome = await is.upstream.submit(order.request, order.callbackUrl, token);
  // Read again: the request took a while, and the upstream may have rung meanwhile.
  const task = is.tasks.bySubmissionId(submitted.submissionId) ?? submitted;
  const complete = async (after: Task, proven?: string): Promise<Task> => {
    recordChange(is, task, after);
    await is.arm(proven);
    return after;
  };
  switch (outcome.kind) {
    case "accepted": {
      // A page of history may have shown the task, and had it adopted, before its own answer came.
      const twin = is.tasks.byTaskId(outcome.taskId);
      if (twin !== undefined) is.tasks.remove(twin);
      const heardAtMs = is.watch.heardAtMs();
      const processing = accepted(task, outcome.taskId, outcome.traceId, is.now(), heardAtMs);
      const { observation } = outcome;
      return ok(
        await complete(
          observation === undefined ? processing : afterLook(processing, observation, is.now(), heardAtMs),
          token,
        ),
      );
    }
    case "refused": {
      const error = { kind: "upstream", failure: outcome.failure } as const;
      const { code, what } = describeError(error, settings.payer);
      await complete(refused(task, { code, message: what }, is.now()));
      return fail(error);
    }
    case "undetermined":
      await complete(undetermined(task));
      return fail({
        kind: "submission_undetermined",
        submissionId: task.submissionId,
        failure: outcome.failure,
      });
  }
}

/** The same key again: the first task answers, once the upstream has said what it is. */
async function repeat(
  is: LedgerDependencies,
  settings: SubmissionSettings,
  first: Task,
  requestHash: string,
): Promise<Result<Task>> {
  const { submissionId } = first;
  if (first.requestHash !== requestHash)
    return fail({ kind: "idempotency_conflict", key: first.idempotencyKey ?? "", submissionId });
  if (first.state === "submitting") await is.parking.wait(submissionId, settings.requestTimeoutMs);
  return ok(is.tasks.bySubmissionId(submissionId) ?? first);
}

/** SHA-256 over what is sent: only its equality matters, so a mask of a megabyte need not be kept. */
async function hashOf({ request, callbackUrl }: Order): Promise<string> {
  const entries = Object.entries(request.body).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([request.path, callbackUrl ?? null, entries]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
