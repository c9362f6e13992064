import type { ErrorCode } from "../../src/errors.ts";
import type { FaultInput } from "../simulator/faults.ts";

/** A way of the upstream to go wrong, and what each kind of request makes of it. */
export interface UpstreamFault {
  what: string;
  fault: FaultInput;
  /** What a paid call has become: refused, so that nothing was charged, or nobody knows. */
  paid: "refused" | "undetermined";
  /** What who asks is told; undefined where they are told that there is no such task. */
  code: ErrorCode | undefined;
  /** Whether asking again may help. */
  retryable: boolean;
  /**
   * What the watch does: it leaves the upstream alone for longer and longer, or until somebody asks, or it takes the
   * answer for one that has nothing about the task, and goes on.
   */
  watch: "backs off" | "stops" | "goes on";
}

const status = (of: number, code: string, retryAfterSeconds?: number): FaultInput => ({
  kind: "status",
  status: of,
  code,
  // What it says may be anything: what was sent to it too.
  message: "No. You sent: PROMPT, KEY",
  ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
});
const body = (text: string): FaultInput => ({ kind: "body", text });

const says =
  (code: ErrorCode | undefined, retryable: boolean, watch: UpstreamFault["watch"]) =>
  (paid: UpstreamFault["paid"]) => ({ code, retryable, watch, paid });
const passing = says("upstream_error", true, "backs off");
const late = says("upstream_timeout", true, "backs off")("undetermined");

/** More than the watch would wait by itself at first. */
export const RETRY_AFTER_SECONDS = 90;

/** Every way to go wrong that a request has to survive. */
export const UPSTREAM_FAULTS: UpstreamFault[] = [
  {
    what: "400",
    fault: status(400, "bad_request"),
    ...says("invalid_argument", false, "goes on")("refused"),
  },
  { what: "401", fault: status(401, "invalid_token"), ...says("unauthorized", false, "stops")("refused") },
  {
    what: "403 used_up",
    fault: status(403, "used_up"),
    ...says("out_of_credits", false, "stops")("refused"),
  },
  { what: "404", fault: status(404, "no_api"), ...says("upstream_error", false, "backs off")("refused") },
  {
    what: "404 with HTML",
    fault: { kind: "html", status: 404 },
    ...says(undefined, false, "goes on")("refused"),
  },
  { what: "408", fault: status(408, "timeout"), ...passing("undetermined") },
  {
    what: "429",
    fault: status(429, "too_many_requests"),
    ...says("rate_limited", true, "backs off")("refused"),
  },
  {
    what: "429 with Retry-After",
    fault: status(429, "too_many_requests", RETRY_AFTER_SECONDS),
    ...says("rate_limited", true, "backs off")("refused"),
  },
  {
    what: "429 that always wants a second more",
    fault: status(429, "too_many_requests", 1),
    ...says("rate_limited", true, "backs off")("refused"),
  },
  { what: "500", fault: status(500, "api_error"), ...passing("undetermined") },
  { what: "502 with HTML", fault: { kind: "html" }, ...passing("undetermined") },
  { what: "truncated JSON", fault: { kind: "truncated" }, ...passing("undetermined") },
  { what: "a body that breaks off", fault: { kind: "cut" }, ...passing("undetermined") },
  {
    what: "a body of 30 MB",
    fault: { kind: "oversized" },
    ...says("upstream_error", true, "goes on")("undetermined"),
  },
  { what: "a connection that breaks", fault: { kind: "drop" }, ...passing("undetermined") },
  { what: "a connection that never answers", fault: { kind: "hang" }, ...late },
  { what: "slow bytes", fault: { kind: "slow", chunkBytes: 1 }, ...late },
  {
    what: "a redirect",
    fault: { kind: "redirect", location: "https://elsewhere.test/" },
    ...says("upstream_error", false, "backs off")("undetermined"),
  },
  {
    what: "a page of HTML with status 200",
    fault: { kind: "html", status: 200 },
    ...passing("undetermined"),
  },
  { what: "JSON of another shape", fault: body('{"tasks":[]}'), ...passing("undetermined") },
  { what: "null", fault: { kind: "null" }, ...says(undefined, false, "goes on")("undetermined") },
  {
    what: "an error with status 200",
    fault: body('{"error":{"code":"api_error","message":"No."}}'),
    ...says("upstream_error", false, "backs off")("undetermined"),
  },
];

/** What is odd, and does no harm. */
export const HARMLESS_FAULTS: { what: string; fault: FaultInput }[] = [
  { what: "a wrong content type", fault: { kind: "wrong-content-type", contentType: "text/html" } },
  { what: "bytes that are slow, but in time", fault: { kind: "slow", chunkBytes: 1024, everyMs: 500 } },
  { what: "records of other tasks", fault: { kind: "records", change: "foreign" } },
  { what: "records that are there twice", fault: { kind: "records", change: "duplicated" } },
];

/** Those after which nobody knows, and that can come after a task was made. */
export const TAKEN_UNHEARD = UPSTREAM_FAULTS.flatMap(({ what, fault, paid }) => {
  if (paid === "refused") return [];
  switch (fault.kind) {
    case "status":
    case "html":
    case "body":
    case "null":
    case "redirect":
    case "drop":
    case "hang":
      return [{ what, fault }];
    default:
      return [];
  }
});
