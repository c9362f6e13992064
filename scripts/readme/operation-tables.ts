import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { CLIENT_TTL_SECONDS, GUESSES, LIFETIMES } from "../../src/auth/sign-in-limits.ts";
import { VARIABLES } from "../../src/config/variables.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { MAX_BODY_BYTES } from "../../src/http/body.ts";
import { MAX_PARKED, MAX_PARKED_PER_KEY } from "../../src/ledger/parking.ts";
import * as schedule from "../../src/ledger/schedule.ts";
import { MAX_SESSIONS, SESSION_UNUSED_MS } from "../../src/mcp/session-store.ts";
import { MAX_STREAM_MS, MAX_STREAMS, MAX_SUBSCRIPTIONS } from "../../src/mcp/subscription-store.ts";
import { markdownTable } from "../../src/tools/markdown-table.ts";
import { SIMULATOR_WORDS } from "../../test/simulator/words.ts";
import { rateLimitOf } from "../rate-limit-binding.ts";
import { defaultSettings, inputsOfTools } from "./catalogue-tables.ts";
import { count, duration } from "./words.ts";

/** What a deployment can set. */
export const variablesTable = (): string =>
  markdownTable(
    ["Variable", "Secret", ""],
    Object.entries(VARIABLES).map(([name, { secret, about }]) => [`\`${name}\``, secret ? "yes" : "", about]),
  );

/** How long a sign-in lasts, and who is held up when. */
export function signInTable(): string {
  const { alone, team } = LIFETIMES;
  const { perSource, inAll } = GUESSES;
  const seconds = (value: number) => duration(value * 1000);
  return markdownTable(
    ["Sign-in", "`personal`, `passthrough`, `acedata`", "`team`"],
    [
      ["An access token is good for", seconds(alone.accessTokenTTL), seconds(team.accessTokenTTL)],
      [
        "The sign-in ends",
        `after ${seconds(alone.refreshTokenIdleTTL)} without a refresh`,
        `${seconds(team.refreshTokenTTL)} after it was made`,
      ],
      ["A registered client is forgotten", `after ${seconds(CLIENT_TTL_SECONDS)} unused`, "the same"],
      [
        "Wrong keys on the sign-in page",
        `${perSource.most} in ${duration(perSource.windowMs)} from one address, ${inAll.most} in ${duration(inAll.windowMs)} from all (\`personal\`)`,
        "none to guess",
      ],
      ["Requests to each sign-in endpoint", `${addressLimit()} from one address`, "the same"],
      ["Unknown keys and tokens at `/mcp`", `${addressLimit()} from one address`, "the same"],
    ],
  );
}

function addressLimit(): string {
  const config = unstable_readConfig({ config: join(import.meta.dirname, "../../wrangler.toml") });
  const rateLimit = rateLimitOf(config);
  if (rateLimit === undefined) throw new Error("wrangler.toml limits no address");
  return `${rateLimit.limit} in ${duration(rateLimit.period * 1000)}`;
}

/** When the upstream is asked about a task that is being made. */
export function watchTable(): string {
  const { FIRST_LOOK_MS, LOOK_INTERVALS } = schedule;
  // A row for every age at which either column changes.
  const ages = [...LOOK_INTERVALS.usual, ...LOOK_INTERVALS.stretched].map(({ untilAgeMs }) => untilAgeMs);
  const every = (pace: schedule.Pace, ageMs: number) => {
    const phase = LOOK_INTERVALS[pace].find(({ untilAgeMs }) => ageMs <= untilAgeMs);
    return phase === undefined ? "" : `every ${duration(phase.everyMs)}`;
  };
  return markdownTable(
    ["Age of a task", "The upstream is asked about it", "Where it rings"],
    [
      ["at first", `after ${duration(FIRST_LOOK_MS.usual)}`, `after ${duration(FIRST_LOOK_MS.stretched)}`],
      ...[...new Set(ages)]
        .sort((a, b) => a - b)
        .map((ageMs) => [`up to ${duration(ageMs)}`, every("usual", ageMs), every("stretched", ageMs)]),
      ["older", "no more: its state is `unknown`, and a query asks once", "the same"],
    ],
  );
}

/** What happens to queries that come too often. */
export function queriesTable(): string {
  const most = Number.MAX_SAFE_INTEGER;
  return markdownTable(
    ["A query", "is answered"],
    [
      ["about a task that is over", "from storage, at once"],
      [
        `about a finished video last seen over ${duration(schedule.STALE_LINK_MS)} ago`,
        `after asking for a fresh link, at most once in ${duration(schedule.REFRESH_INTERVAL_MS)}`,
      ],
      ["about a task in the making", "from storage, at once"],
      [
        `…within ${duration(schedule.POLLING_INTERVAL_MS)} of the order, or of the last answer`,
        `when there is news, or after ${duration(schedule.HASTY_PARK_MS)}`,
      ],
      [
        "…with `wait_seconds`",
        `when there is news, or after so long (at most ${duration(schedule.MAX_WAIT_MS)})`,
      ],
      [
        "about an id that nobody knows",
        `after asking once; within ${duration(schedule.DENIED_LOOKUP_MS)} it is not asked again`,
      ],
      [
        "for the account's history at the upstream",
        `after asking; the same page within ${duration(schedule.HISTORY_PAGE_MS)} comes from memory`,
      ],
      [
        "while the upstream is in trouble",
        `from storage; the watch pauses ${duration(schedule.backoffMs(1, 0))}, then twice as long each time, up to ${duration(schedule.backoffMs(most, 0))}, and at least as long as \`Retry-After\` says`,
      ],
    ],
  );
}

/** Every bound, from the constants that enforce it. */
export function limitsTable(): string {
  const inputs = inputsOfTools();
  const bound = (name: string, argument: string, kind: "maxLength" | "maxItems"): string => {
    const found = inputs.find(({ tool }) => tool.name === name)?.input.properties[argument]?.[kind];
    if (found === undefined) throw new Error(`${name} has no ${kind} of ${argument}`);
    return count(found);
  };
  return markdownTable(
    ["Limit", ""],
    [
      ["Request body", `${MAX_BODY_BYTES / 1024 / 1024} MiB`],
      ["`prompt`", `${bound("veo_text_to_video", "prompt", "maxLength")} characters`],
      ["`image_urls`", bound("veo_image_to_video", "image_urls", "maxItems")],
      ["`image_mask`", `${bound("veo_video_objects", "image_mask", "maxLength")} characters`],
      ["`idempotency_key`", `${bound("veo_text_to_video", "idempotency_key", "maxLength")} characters`],
      ["Ids in `veo_get_tasks_batch`", bound("veo_get_tasks_batch", "task_ids", "maxItems")],
      ["`wait_seconds`", `${schedule.MAX_WAIT_MS / 1000}`],
      [
        "Calls that wait for news",
        `${MAX_PARKED_PER_KEY} for one task, ${MAX_PARKED} for an account; one more is answered at once`,
      ],
      [
        "Sessions of 2025-era clients",
        `${MAX_SESSIONS} for an account, ended after ${duration(SESSION_UNUSED_MS)} unused`,
      ],
      ["Open streams", `${MAX_STREAMS} for an account, each for ${duration(MAX_STREAM_MS)} at most`],
      ["Subscriptions", `${MAX_SUBSCRIPTIONS} for a stream, or a session`],
      [
        "Ended tasks are kept",
        `${duration(defaultSettings().configuration.retentionMs)}; \`TASK_RETENTION_DAYS\` changes it`,
      ],
    ],
  );
}

/** What each code means to the person who reads it. A new code does not compile until it is here. */
const ERRORS: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: "An argument is wrong; the answer names it, and the allowed values. Nothing was spent.",
  not_found: "This account has no such task or video.",
  unauthorized: "AceDataCloud refuses the key that pays; the answer says whose it is.",
  out_of_credits: "The AceDataCloud balance is used up.",
  rate_limited: "AceDataCloud wants fewer requests; the answer says how long to wait.",
  limit_reached:
    "A limit of this server is reached: the answer says which, and when it ends. Nothing was sent.",
  upstream_error: "AceDataCloud failed, answered something unreadable, or could not make the video.",
  upstream_timeout: "AceDataCloud did not answer in time.",
  idempotency_conflict: "The `idempotency_key` was used with other arguments.",
  submission_undetermined:
    "The connection broke while a video was being ordered: it may have been paid for. Look before ordering again.",
  internal: "A mistake of this server; the answer has the incident's number, which is in the log.",
};
export const errorsTable = (): string =>
  markdownTable(
    ["Code", ""],
    Object.entries(ERRORS).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );

/** The words that make the simulated upstream misbehave. */
export const simulatorWordsTable = (): string =>
  markdownTable(
    ["Word in a prompt", "The generation"],
    SIMULATOR_WORDS.map(({ word, meaning }) => [`\`${word}\``, meaning]),
  );
