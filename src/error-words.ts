import {
  type ErrorAnswer,
  type ErrorCode,
  isKeyRefused,
  isOutOfCredits,
  type LimitReached,
  type Payer,
  quote,
  type TaskError,
  type UpstreamFailure,
  type VeoError,
} from "./errors.ts";

/** The one place where a failure becomes words: what happened, and what to do next. */

/** What there is to do about a video that could not be made. */
const FAILED_NEXT_STEP =
  "Read the error (it is the upstream's own text), change the request accordingly, and submit again if it is worth it, with another idempotency_key if there was one.";

/**
 * What there is to do about a task that failed.
 * @param wasAccepted whether the upstream took it: otherwise the code is one of ours, and its key may be used again.
 */
export function failedNextStep({ code, message }: TaskError, wasAccepted: boolean, payer: Payer): string {
  if (wasAccepted)
    return message === ""
      ? "The upstream gives no reason. Change the request, or submit it again, with another idempotency_key if there was one."
      : FAILED_NEXT_STEP;
  switch (code) {
    case "never_arrived":
    case "budget_unreachable":
      return "Nothing was charged: submit it again if it is still wanted.";
    case "rate_limited":
      return "Nothing was charged: wait a minute, then submit it again.";
    case "out_of_credits":
      return EMPTY_BALANCE[payer];
    case "unauthorized":
      return REFUSED_KEY[payer];
    default:
      return "Nothing was charged. Correct what the upstream names, and submit it again if it is worth it.";
  }
}

/** Turns a failure into words: what happened, and what to do next. Whose key is meant depends on who pays. */
export function describeError(error: VeoError, payer: Payer): ErrorAnswer {
  switch (error.kind) {
    case "invalid_arguments":
      return answer(
        "invalid_argument",
        false,
        error.problems.join(" "),
        "Correct the arguments and call again; nothing was sent and nothing was charged.",
      );
    case "extended_video":
      return answer(
        "invalid_argument",
        false,
        `Video ${error.videoId} is an extended video, which cannot be ${error.operation}.`,
        "Use the video it was extended from, or extend it again with veo_extend_video.",
      );
    case "task_not_found":
      return answer(
        "not_found",
        false,
        `There is no task ${error.reference} in this account.`,
        "Check the id, or find the task with veo_list_tasks.",
      );
    case "video_not_found":
      return answer(
        "not_found",
        false,
        `There is no video ${error.videoId} in this account.`,
        "Use the video_id of a finished task of this account: veo_list_tasks shows them.",
      );
    case "upstream":
      return describeFailure(error.failure, payer);
    case "submission_undetermined":
      return {
        ...(error.failure === undefined
          ? { what: "This was sent before, and its answer never came." }
          : describeFailure(error.failure, payer)),
        code: "submission_undetermined",
        retryable: false,
        nextStep: `It is being found out whether the video was accepted: do not send it again. Call veo_get_task with task_id "${error.submissionId}" in a few minutes.`,
      };
    case "generation_failed":
      return {
        ...answer(
          "upstream_error",
          false,
          `The video could not be made: ${quote(error.code)}: "${quote(error.message)}".`,
          failedNextStep(error, true, payer),
        ),
        ...(error.traceId !== undefined && { traceId: error.traceId }),
      };
    case "idempotency_conflict":
      return answer(
        "idempotency_conflict",
        false,
        `The idempotency_key "${quote(error.key)}" already belongs to ${error.submissionId}, which had other arguments.`,
        `Use another key for another video, or read the first one with veo_get_task and task_id "${error.submissionId}".`,
      );
    case "limit_reached":
      return { ...describeLimit(error), limit: error };
    case "price_missing":
      return answer(
        "limit_reached",
        false,
        `MAX_CREDITS_PER_DAY is set, and nobody told the server the price of "${error.priceKey}". Nothing was sent.`,
        `Its owner can set it in VEO_PRICES, as {"${error.priceKey}": credits}; until then, use an operation that has a price (veo_list_actions).`,
      );
    case "budget_unreachable":
      return answer(
        "limit_reached",
        true,
        "The limits of this server could not be checked, so nothing was sent.",
        "Call again in a minute.",
      );
    case "withdrawn":
      return answer(
        "limit_reached",
        true,
        "The same request was under way, and a limit of this server stopped it. Nothing was sent.",
        "See veo_get_usage for what is left, or call again.",
      );
    case "busy":
      return answer(
        "limit_reached",
        true,
        `More than ${error.limit} calls of this account are waiting.`,
        "Call again in 15 seconds.",
      );
    case "internal":
      return answer(
        "internal",
        true,
        `Something went wrong in this server (incident ${error.incident}).`,
        "Look with veo_list_tasks before paying for anything again; tell the operator the incident number.",
      );
  }
}

/** What a limit keeps from being sent. Waiting helps unless the limit leaves no room even for this one alone. */
function describeLimit({ limit, used, allowed, needed, resetsAtMs }: LimitReached): ErrorAnswer {
  const refused = (retryable: boolean, what: string, nextStep: string) =>
    answer("limit_reached", retryable, `${what} Nothing was sent.`, nextStep);
  if (allowed === 0)
    return refused(
      false,
      `${limit} is 0: the owner of this server allows nothing new at the moment.`,
      "Only the owner can change that; finished videos stay available.",
    );
  if (needed !== undefined && needed > allowed)
    return refused(
      false,
      `This costs ${needed} credits, and ${limit} allows ${allowed} in a whole day.`,
      "Choose something cheaper (veo_list_actions), or ask the owner of this server to raise the limit.",
    );
  if (resetsAtMs === null)
    return refused(
      true,
      `${limit} is reached: ${used} of ${allowed} are in the making${isOfEverybody(limit) ? ", of everybody on this server" : ""}.`,
      "There is room when one of them is over, usually within 3 minutes: wait for yours with veo_get_task (veo_list_tasks shows them), then call again.",
    );
  const cost = needed === undefined ? "" : ` credits, and this costs ${needed}`;
  const cheaper =
    needed !== undefined && used < allowed ? "Choose something cheaper (veo_list_actions), or wait. " : "";
  return refused(
    true,
    `${limit} is reached: ${used} of ${allowed}${cost}${isOfEverybody(limit) ? ", for everybody on this server" : ""}.`,
    `${cheaper}It resets at ${new Date(resetsAtMs).toISOString()}: do not call again unchanged before. veo_get_usage shows what is left; only the owner of this server can raise it.`,
  );
}

const isOfEverybody = (limit: string): boolean =>
  limit.startsWith("TEAM_") || limit === "MAX_CREDITS_PER_DAY";

function describeFailure(failure: UpstreamFailure, payer: Payer): ErrorAnswer {
  switch (failure.kind) {
    case "timeout":
      return answer(
        "upstream_timeout",
        true,
        `The upstream did not answer within ${failure.seconds} seconds.`,
        "Call again in a minute.",
      );
    case "unreachable":
      return answer(
        "upstream_error",
        true,
        "The connection to the upstream failed.",
        "Call again in a minute.",
      );
    case "unreadable":
      return answer(
        "upstream_error",
        true,
        `The upstream answered HTTP ${failure.status} with ${UNREADABLE[failure.why]}.`,
        "Call again in a minute; if it stays, tell the operator.",
      );
    case "status":
      return {
        ...describeStatus(failure, payer),
        ...(failure.traceId !== undefined && { traceId: failure.traceId }),
      };
  }
}

const REFUSED_KEY: Record<Payer, string> = {
  operator:
    "This server's own AceDataCloud API token was refused: its operator must replace ACEDATACLOUD_API_TOKEN. Calling again does not help.",
  caller:
    "Your own AceDataCloud API key was refused: make a new one at platform.acedata.cloud, then put it into the client's configuration, or sign in to this server again. Calling again with this key does not help.",
};
const EMPTY_BALANCE: Record<Payer, string> = {
  operator:
    "The AceDataCloud balance of this server is used up: its operator must top it up. Nothing was charged.",
  caller: "Your AceDataCloud balance is used up: top it up at platform.acedata.cloud. Nothing was charged.",
};

const UNREADABLE = {
  not_json: "something that is not JSON",
  too_large: "more data than is accepted",
  unexpected_shape: "JSON of an unexpected shape",
} as const;

function describeStatus(failure: UpstreamFailure & { kind: "status" }, payer: Payer): ErrorAnswer {
  const { status, code } = failure;
  const said = failure.message === undefined ? "" : `: "${quote(failure.message)}"`;
  const what = `The upstream answered HTTP ${status}${code === undefined ? "" : ` ${quote(code)}`}${said}.`;
  if (isKeyRefused(failure)) return answer("unauthorized", false, what, REFUSED_KEY[payer]);
  if (isOutOfCredits(failure)) return answer("out_of_credits", false, what, EMPTY_BALANCE[payer]);
  if (status === 429) {
    const wait = failure.retryAfterSeconds ?? 60;
    return answer("rate_limited", true, what, `Wait ${wait} seconds, then call again.`);
  }
  if (status === 400 && (code === "api_not_implemented" || code === "disabled"))
    return answer(
      "upstream_error",
      false,
      what,
      "The upstream does not offer this to this account: use another tool, or tell the operator.",
    );
  if (status === 400 || status === 422)
    return answer(
      "invalid_argument",
      false,
      what,
      "Correct what the upstream names and call again; nothing was charged.",
    );
  if (status === 404)
    return answer(
      "upstream_error",
      false,
      what,
      "The upstream's address or operation does not exist: the operator must check ACEDATACLOUD_API_BASE_URL.",
    );
  if (status === 408 || status >= 500)
    return answer("upstream_error", true, what, "This is often passing: call again in a minute.");
  return answer("upstream_error", false, what, "Calling again unchanged does not help; tell the operator.");
}

const answer = (code: ErrorCode, retryable: boolean, what: string, nextStep: string): ErrorAnswer => ({
  code,
  retryable,
  what,
  nextStep,
});
