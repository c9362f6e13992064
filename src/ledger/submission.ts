import { describeError } from "../error-words.ts";
import { fail, ok, type Payer, type Result, type UpstreamFailure, type VeoError } from "../errors.ts";
import type { PaidTool } from "../veo/capabilities.ts";
import { type PaidRequest, publicRequest } from "../veo/paid-request.ts";
import { priceKeyOf } from "../veo/prices.ts";
import { checkAllowance } from "./allowance.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { payerHash } from "./payer-hash.ts";
import { Retention } from "./retention.ts";
import { firstLookAtMs } from "./schedule.ts";
import { newSubmissionId } from "./submission-id.ts";
import { AT_FIRST, type Task } from "./task.ts";
import { accepted, afterLook, lost, paceOf, refused } from "./transitions.ts";
import { liftStop } from "./trouble.ts";

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
  // The same request while nobody knows what became of the first: it joins that one rather than paying.
  const twin = idempotencyKey === null ? is.tasks.submittingLike(requestHash) : undefined;
  if (twin !== undefined) return join(is, settings, twin);
  const priceKey = priceKeyOf(order.request);
  const allowed = checkAllowance(is, priceKey);
  if (!allowed.ok) return allowed;
  const createdAtMs = is.now();
  const submissionId = newSubmissionId();
  // A caller's own address takes the place of ours: the upstream has room for one.
  const ours = order.callbackUrl === undefined ? callbackAddress?.(submissionId) : undefined;
  const rings = ours === undefined ? null : 0;
  const abandonedAtMs = createdAtMs + settings.requestTimeoutMs + ABANDONED_GRACE_MS;
  const firstLookMs = firstLookAtMs(createdAtMs, paceOf({ rings }, createdAtMs, is.watch.heardAtMs()));
  const task: Task = {
    ...AT_FIRST,
    position: is.tasks.positionFor(createdAtMs),
    submissionId,
    taskId: null,
    traceId: null,
    state: "submitting",
    tool: order.tool,
    request: publicRequest(order.request.body),
    createdAtMs,
    checkedAtMs: null,
    lookedAtMs: null,
    // Where its first look comes later still, the alarm is set for that: to move it when the answer is there would be
    // one more write for the caller to wait for.
    nextCheckAtMs: Math.max(abandonedAtMs, firstLookMs),
    rings,
    payerHash: payerHash(submissionId, token),
    credits: is.limits.prices[priceKey] ?? null,
    settlement: is.budget === undefined ? null : "due",
    idempotencyKey,
    requestHash,
  };
  is.tasks.insert(task);
  is.usage.add(task);
  new Retention(is, settings.retentionMs).forgetTasks(FORGET_AT_ONCE);
  await is.arm();
  const refusal = await reserve(is, task);
  if (refusal !== undefined) return fail(refusal);
  return send(is, settings, task, { ...order, callbackUrl: order.callbackUrl ?? ours }, token);
}

/**
 * Sets the task aside in the deployment's budget, where it has one. Nothing is sent unless that succeeded.
 * @returns why the task may not be sent, if it may not.
 */
async function reserve(is: LedgerDependencies, task: Task): Promise<VeoError | undefined> {
  if (is.budget === undefined) return undefined;
  const { submissionId, credits } = task;
  const answer = await is.budget.reserve({ submissionId, credits }).catch(() => UNREACHABLE);
  if (answer.ok) return undefined;
  if (answer.kind === "limit") {
    // It was never sent: it leaves no trace.
    is.tasks.remove(task);
    is.usage.undo(task);
    is.parking.news(submissionId);
    await is.arm();
    return { kind: "limit_reached", ...answer.reached };
  }
  // It may be set aside all the same, which the row will have to take back.
  const error = { code: "budget_unreachable", message: "The limits could not be checked: nothing was sent." };
  // Read again: the budget was waited for, and somebody may have cancelled the task meanwhile.
  const current = is.tasks.bySubmissionId(submissionId) ?? task;
  recordChange(is, current, refused(current, error, is.now()));
  await is.arm();
  return { kind: "budget_unreachable" };
}

const UNREACHABLE = { ok: false, kind: "unreachable" } as const;

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
  // A search for it was quicker, after an answer that came very late: what it found stands.
  if (task.state !== "submitting") return ok(task);
  const complete = async (after: Task, proven?: string): Promise<Task> => {
    recordChange(is, task, after);
    await is.arm(proven);
    return after;
  };
  const searchFor = async (failure: UpstreamFailure): Promise<Result<Task>> => {
    const { submissionId } = await complete(lost(task, is.now()));
    return fail({ kind: "submission_undetermined", submissionId, failure });
  };
  switch (outcome.kind) {
    case "accepted": {
      liftStop(is);
      const twin = is.tasks.byTaskId(outcome.taskId);
      // The id of another submission: that one keeps it, and this one was not answered.
      if (twin !== undefined && twin.requestHash !== null)
        return searchFor({ kind: "unreadable", status: 200, why: "unexpected_shape" });
      // Somebody may have asked for the task, and had it adopted, before its own answer came.
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
      // Within quotation marks later on, which what is quoted must not have.
      await complete(refused(task, { code, message: what.replaceAll('"', "'") }, is.now()));
      return fail(error);
    }
    case "undetermined":
      return searchFor(outcome.failure);
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
  return join(is, settings, first);
}

/** Answers with a task that was submitted before, once the upstream has said what it is. */
async function join(
  is: LedgerDependencies,
  settings: SubmissionSettings,
  first: Task,
): Promise<Result<Task>> {
  const { submissionId } = first;
  if (first.state === "submitting" && first.lostAtMs === null)
    await is.parking.wait(submissionId, settings.requestTimeoutMs);
  const task = is.tasks.bySubmissionId(submissionId);
  if (task === undefined) return fail({ kind: "withdrawn" });
  return task.state === "submitting" ? fail({ kind: "submission_undetermined", submissionId }) : ok(task);
}

/** SHA-256 over what is sent: only its equality matters, so a mask of a megabyte need not be kept. */
async function hashOf({ request, callbackUrl }: Order): Promise<string> {
  const entries = Object.entries(request.body).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([request.path, callbackUrl ?? null, entries]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
