import fc from "fast-check";
import type { FaultInput } from "../../test/simulator/faults.ts";
import type { RecordedRequest } from "../../test/simulator/recording.ts";
import type { Simulator } from "../../test/simulator/simulator.ts";

/** What happens to the requests of a group, one after the other; undefined for nothing. */
export type FaultPlan = readonly (FaultInput | undefined)[];

/** More requests than a run makes. */
const PLANNED = 3000;

type Refusal = Omit<Extract<FaultInput, { kind: "status" }>, "kind" | "status">;

const status = (code: number, more: Refusal = {}): FaultInput => ({ kind: "status", status: code, ...more });

/** Most orders go wrong, and of most of these nobody can tell from the answer whether they were accepted. */
const PAID_FAULTS: readonly [weight: number, FaultInput | undefined][] = [
  [14, undefined],
  [2, { kind: "latency", latencyMs: 5000 }],
  [2, { kind: "drop", when: "after" }],
  [1, { kind: "hang", when: "after" }],
  [1, { kind: "truncated" }],
  [1, { kind: "cut" }],
  [1, { kind: "stall" }],
  [1, { kind: "oversized" }],
  [1, { kind: "wrong-content-type" }],
  [1, { kind: "body", when: "after", text: "{}" }],
  [1, { kind: "html", when: "after" }],
  [1, status(500, { when: "after" })],
  [1, status(408, { when: "after" })],
  [1, { kind: "drop" }],
  [1, { kind: "hang" }],
  [1, { kind: "html" }],
  [1, status(500)],
  [1, status(429, { code: "too_many_requests", retryAfterSeconds: 3 })],
  [1, status(429, { code: "too_many_requests" })],
  [1, status(400, { code: "bad_request" })],
  [1, status(401, { code: "invalid_token" })],
  [1, status(403, { code: "used_up" })],
];

/** A query costs nothing, but what it says may be missing, or wrong. */
const QUERY_FAULTS: readonly [weight: number, FaultInput | undefined][] = [
  [16, undefined],
  [2, { kind: "latency", latencyMs: 3000 }],
  [2, { kind: "body", text: '{"items":[],"count":0}' }],
  [1, { kind: "body", text: "{}" }],
  [1, { kind: "null" }],
  [1, { kind: "drop" }],
  [1, { kind: "hang" }],
  [1, { kind: "truncated" }],
  [1, { kind: "cut" }],
  [1, { kind: "stall" }],
  [1, { kind: "oversized" }],
  [1, { kind: "wrong-content-type" }],
  [1, { kind: "html" }],
  [1, status(500)],
  [1, status(404, { code: "not_found" })],
  [1, status(429, { code: "too_many_requests", retryAfterSeconds: 3 })],
  [1, status(429, { code: "too_many_requests" })],
  [1, status(401, { code: "invalid_token" })],
];

/** @returns the bad weather of a run: the same for the same seed. */
export function planFaults(seed: number): { paid: FaultPlan; tasks: FaultPlan } {
  const planOf = (faults: typeof PAID_FAULTS, offset: number): FaultPlan =>
    fc.sample(fc.oneof(...faults.map(([weight, fault]) => ({ weight, arbitrary: fc.constant(fault) }))), {
      seed: seed + offset,
      numRuns: PLANNED,
    });
  return { paid: planOf(PAID_FAULTS, 0), tasks: planOf(QUERY_FAULTS, 1) };
}

/** Makes the simulator do what was planned: the n-th fault hits the n-th request of the group. */
export function inject(simulator: Simulator, match: "paid" | "tasks", plan: FaultPlan): void {
  let unharmed = 0;
  for (const fault of plan)
    if (fault === undefined) unharmed += 1;
    // A fault counts the requests that come as far as to it: those that no earlier one has hit.
    else simulator.inject({ ...fault, match, skip: unharmed });
}

/** @returns what befell each request of a group, in a few words, until the upstream was well again. */
export const faultsOf = (
  requests: readonly RecordedRequest[],
  plan: FaultPlan,
  clearedAtMs: number,
): string[] => requests.map(({ at }, index) => (at < clearedAtMs ? nameOfFault(plan[index]) : ""));

function nameOfFault(fault: FaultInput | undefined): string {
  if (fault === undefined) return "";
  const kind =
    fault.kind === "status" ? `HTTP ${fault.status}` : fault.kind === "body" ? fault.text : fault.kind;
  return "when" in fault && fault.when === "after" ? `${kind} after accepting` : kind;
}
