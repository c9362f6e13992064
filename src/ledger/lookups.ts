import { fail, ok, type Result, type VeoError } from "../errors.ts";
import type { TaskQuery } from "../veo/upstream-client.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { ROUND_NEWS } from "./look.ts";
import { MAX_PARKED } from "./parking.ts";
import { DENIED_LOOKUP_MS, HISTORY_PAGE_MS, LOOKUP_WAIT_MS } from "./schedule.ts";
import { isSubmissionId } from "./submission-id.ts";
import { blockedBy, resumeWatch } from "./trouble.ts";

/** How a caller names a task. `taskId` may be the upstream's id or a submission id of ours. */
export type TaskReference = { taskId: string } | { traceId: string };

export interface HistoryPage {
  offset: number;
  limit: number;
  type?: string | undefined;
  createdFromMs?: number | undefined;
  createdToMs?: number | undefined;
}

interface Question {
  key: string;
  query: TaskQuery;
}

/**
 * Questions about tasks that the ledger does not have. They are rows that a look answers, like the tasks
 * themselves, so however many ask, the upstream is asked once; and an answer is remembered for a while.
 */
export class Lookups {
  readonly #is: LedgerDependencies;

  constructor(dependencies: LedgerDependencies) {
    this.#is = dependencies;
  }

  /**
   * Has unknown tasks looked up and adopted, when the caller may; those of the upstream are in the ledger then.
   * @returns why that failed, or nothing: a task that is still not there does not exist for this account.
   */
  tasks(references: TaskReference[], caller: { mayAdopt: boolean; signal?: AbortSignal | undefined }) {
    const foreign = references.filter(
      (reference) => "traceId" in reference || !isSubmissionId(reference.taskId),
    );
    return caller.mayAdopt
      ? this.#ask(foreign.map(questionAbout), DENIED_LOOKUP_MS, caller.signal)
      : undefined;
  }

  /** @returns the submission ids on a page of the upstream's history. */
  async history(page: HistoryPage, signal: AbortSignal | undefined): Promise<Result<string[]>> {
    const query = {
      offset: page.offset,
      limit: page.limit,
      ...(page.type !== undefined && { type: page.type }),
      ...(page.createdFromMs !== undefined && { created_at_min: Math.floor(page.createdFromMs / 1000) }),
      ...(page.createdToMs !== undefined && { created_at_max: Math.ceil(page.createdToMs / 1000) }),
    };
    const key = `history:${JSON.stringify(query)}`;
    const refused = await this.#ask([{ key, query }], HISTORY_PAGE_MS, signal);
    return refused === undefined ? ok(this.#is.watch.lookup(key)?.found ?? []) : fail(refused);
  }

  /** Makes questions due whose answer is older than `freshMs`, and waits for the look that answers them. */
  async #ask(questions: Question[], freshMs: number, signal?: AbortSignal): Promise<VeoError | undefined> {
    const { watch, parking, now } = this.#is;
    const open = questions.filter(({ key }) => (watch.lookup(key)?.answeredAtMs ?? 0) <= now() - freshMs);
    if (open.length === 0) return undefined;
    resumeWatch(this.#is);
    const refusal = () => {
      const failure = blockedBy(this.#is);
      return failure && ({ kind: "upstream", failure } as const);
    };
    const already = refusal();
    if (already !== undefined) return already;
    for (const { key, query } of open)
      if (watch.lookup(key)?.dueAtMs == null) watch.ask(key, query, now(), now() - DENIED_LOOKUP_MS);
    await this.#is.arm();
    const deadlineMs = now() + LOOKUP_WAIT_MS;
    while (open.some(({ key }) => watch.lookup(key)?.answeredAtMs == null)) {
      const refused = refusal();
      if (refused !== undefined) return refused;
      const leftMs = deadlineMs - now();
      if (leftMs <= 0 || signal?.aborted)
        return { kind: "upstream", failure: { kind: "timeout", seconds: LOOKUP_WAIT_MS / 1000 } };
      if (!(await parking.wait(ROUND_NEWS, leftMs, { signal }))) return { kind: "busy", limit: MAX_PARKED };
    }
    return undefined;
  }
}

function questionAbout(reference: TaskReference): Question {
  return "traceId" in reference
    ? { key: `trace:${reference.traceId}`, query: { trace_ids: [reference.traceId] } }
    : { key: `task:${reference.taskId}`, query: { ids: [reference.taskId] } };
}

/** @returns the id that the caller used. */
export const nameOf = (reference: TaskReference): string =>
  "traceId" in reference ? reference.traceId : reference.taskId;
