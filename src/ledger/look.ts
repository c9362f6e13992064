import { isRequestRefused, isTooLarge, type UpstreamFailure } from "../errors.ts";
import { type Observation, observeRecords } from "../veo/observation.ts";
import type { QueryOutcome, TaskQuery } from "../veo/upstream-client.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { mayBe } from "./lost-submissions.ts";
import { reconcile, unanswered } from "./reconciliation.ts";
import { POLLING_INTERVAL_MS } from "./schedule.ts";
import { newSubmissionId } from "./submission-id.ts";
import { isOpen, type Task } from "./task.ts";
import { adopted, afterLook, lost, ringsComeThrough } from "./transitions.ts";
import { askedAtMs, blockedBy, writeDownTrouble } from "./trouble.ts";
import type { Lookup } from "./watch-store.ts";

/** What one `retrieve_batch` may ask for (upstream-contract.md, "Task queries"). */
const BATCH_SIZE = 50;
/**
 * How many tasks a round finds to be the ones that a batch is refused for. More than that is trouble of the upstream's
 * own, and finding them all would cost more requests than there are tasks.
 */
const MAX_REFUSED_TASKS = 3;

/** What calls wait for whose question a look answers: the end of a round. */
export const ROUND_NEWS = "round";

/** A failed request ends the round: the trouble is the upstream's, not that of one batch. */
class RoundOver extends Error {
  readonly failure: UpstreamFailure;

  constructor(failure: UpstreamFailure) {
    super("The upstream failed");
    this.failure = failure;
  }
}

/** What a round had to do, and what kept it from that, if anything did. */
export interface Round {
  /** Tasks that were due. */
  due: number;
  /** Submissions without an answer that were looked for. */
  lost: number;
  failure: UpstreamFailure | undefined;
}

/**
 * The one way to ask the upstream about tasks: for everything that is due, in batches of 50, one round at a
 * time. Trouble is written down, so that the next round comes later; it is never thrown.
 */
export class Look {
  readonly #is: LedgerDependencies;
  #round: Promise<Round> | undefined;
  /** When the latest request of the round was sent. */
  #askedAtMs = 0;
  /** Tasks of the round that the upstream refused to answer for. */
  #refused = 0;

  constructor(dependencies: LedgerDependencies) {
    this.#is = dependencies;
  }

  /** Runs one round; a second caller joins the one that runs. */
  run(): Promise<Round> {
    this.#round ??= this.#runRound().finally(() => {
      this.#round = undefined;
      this.#is.parking.news(ROUND_NEWS);
    });
    return this.#round;
  }

  /** @returns when there is something to do, derived from the rows; null when there is nothing to wait for. */
  nextAtMs(): number | null {
    const { tasks, watch } = this.#is;
    const dues = [tasks.nextDueMs(), watch.nextLookupMs()].filter((ms) => ms !== null);
    return dues.length === 0 ? null : askedAtMs(this.#is, Math.min(...dues));
  }

  /** Whether tasks are in flight and looked at: the watch may have stopped until somebody asks. */
  isOn(): boolean {
    const { tasks, watch } = this.#is;
    return tasks.nextDueMs() !== null && watch.trouble()?.notBeforeMs !== null;
  }

  async #runRound(): Promise<Round> {
    const { tasks, now } = this.#is;
    const due = tasks.due(now());
    const sought = this.#sought(due);
    const token = this.#is.credential.ofWatch();
    this.#refused = 0;
    const round: Round = { due: due.length, lost: sought.length, failure: blockedBy(this.#is) };
    if (token === undefined || round.failure !== undefined) return round;
    try {
      const watched = new Map(
        due.flatMap((task) => (task.taskId === null ? [] : [[task.taskId, task] as const])),
      );
      for (const ids of chunks([...watched.keys()])) await this.#lookAt(ids, token);
      if (sought.length > 0) {
        const failure = await reconcile(this.#is, sought, token);
        if (failure !== undefined) this.#endRound(failure, token);
        this.#is.watch.clearTrouble();
      }
      await this.#answerLookups(token);
    } catch (error) {
      if (!(error instanceof RoundOver)) throw error;
      return { ...round, failure: error.failure };
    }
    return round;
  }

  /** @returns the lost submissions to look for in this round. */
  #sought(due: readonly Task[]): Task[] {
    const { tasks, watch, now } = this.#is;
    const isDue = due.filter(({ taskId }) => taskId === null);
    // Whoever sent it died in the middle: from now on it is looked for.
    for (const task of isDue) if (task.lostAtMs === null) recordChange(this.#is, task, lost(task, now()));
    const lostDue = isDue.filter(({ lostAtMs }) => lostAtMs !== null);
    if (watch.dueLookups(now()).length === 0) return lostDue;
    // A question may be about what became of another: unless that is found first, it passes for somebody else's.
    const others = unanswered(tasks).filter(
      ({ submissionId, lostAtMs, lookedAtMs }) =>
        lostAtMs !== null &&
        now() - (lookedAtMs ?? 0) >= POLLING_INTERVAL_MS &&
        !isDue.some((task) => task.submissionId === submissionId),
    );
    return [...lostDue, ...others];
  }

  #ask(query: TaskQuery, token: string): Promise<QueryOutcome> {
    this.#askedAtMs = this.#is.now();
    return this.#is.upstream.queryTasks(query, token);
  }

  async #lookAt(ids: string[], token: string): Promise<void> {
    const outcome = await this.#ask({ ids }, token);
    // The upstream may choke on one id, or the records be too long together: halving finds the one, so that it
    // does not hide the other 49.
    if (!outcome.ok && ids.length > 1 && isAboutTheBatch(outcome.failure)) {
      const middle = Math.ceil(ids.length / 2);
      await this.#lookAt(ids.slice(0, middle), token);
      return this.#lookAt(ids.slice(middle), token);
    }
    const isThisOne = !outcome.ok && isAboutTheBatch(outcome.failure);
    const seen = observeRecords(isThisOne ? [] : this.#recordsOf(outcome, token));
    for (const id of ids) {
      // Read again: the request took a while, and the row may have changed under it.
      const task = this.#is.tasks.byTaskId(id);
      if (task !== undefined) this.#settle(task, seen.get(id));
    }
    // Settled all the same: they are not the first to be asked for in the next round too.
    if (isThisOne) this.#refused += 1;
    if (isThisOne && this.#refused >= MAX_REFUSED_TASKS) this.#endRound(outcome.failure, token);
  }

  async #answerLookups(token: string): Promise<void> {
    const due = this.#is.watch.dueLookups(this.#is.now());
    const ids = due.flatMap((lookup) => ("ids" in lookup.query ? lookup.query.ids : []));
    const traceIds = due.flatMap((lookup) => ("trace_ids" in lookup.query ? lookup.query.trace_ids : []));
    for (const batch of chunks(ids)) await this.#answer(due, { ids: batch }, token);
    for (const batch of chunks(traceIds)) await this.#answer(due, { trace_ids: batch }, token);
    for (const lookup of due)
      if ("offset" in lookup.query) {
        const outcome = await this.#ask(lookup.query, token);
        const seen = [...observeRecords(this.#recordsOf(outcome, token)).values()];
        // A page is no longer than it was to be: what is beyond comes with the next one.
        this.#finish(lookup, seen.slice(0, lookup.query.limit));
      }
  }

  async #answer(
    due: Lookup[],
    query: { ids: string[] } | { trace_ids: string[] },
    token: string,
  ): Promise<void> {
    const seen = [...observeRecords(this.#recordsOf(await this.#ask(query, token), token)).values()];
    for (const lookup of due) {
      const asked = lookup.query;
      if ("ids" in query && "ids" in asked && asked.ids.every((id) => query.ids.includes(id)))
        this.#finish(
          lookup,
          seen.filter(({ taskId }) => asked.ids.includes(taskId)),
        );
      if (
        "trace_ids" in query &&
        "trace_ids" in asked &&
        asked.trace_ids.every((id) => query.trace_ids.includes(id))
      )
        this.#finish(
          lookup,
          seen.filter(({ traceId }) => traceId !== undefined && asked.trace_ids.includes(traceId)),
        );
    }
  }

  #finish(lookup: Lookup, seen: Observation[]): void {
    const { tasks, watch, callbacks, now } = this.#is;
    const waiting = unanswered(tasks);
    const found = seen
      .filter(
        (observation) =>
          tasks.byTaskId(observation.taskId) !== undefined ||
          !waiting.some((task) => mayBe(task, observation, callbacks)),
      )
      .map((observation) => this.#adopt(observation).submissionId);
    watch.answer(lookup.key, found, now());
  }

  /** Takes a task over that another client of the same token made; one that is known is brought up to date. */
  #adopt(seen: Observation): Task {
    const { tasks, now } = this.#is;
    const known = tasks.byTaskId(seen.taskId);
    if (known !== undefined) return this.#settle(known, seen);
    // The upstream's clock may be ahead of ours: a task of the future would not be looked at before then.
    const createdAtMs = Math.min(seen.createdAtMs ?? now(), now());
    const task = adopted(seen, newSubmissionId(), tasks.positionFor(createdAtMs), now());
    tasks.insert(task);
    return task;
  }

  /** Takes over what a look said of a task, and what that says about rings. */
  #settle(before: Task, seen: Observation | undefined): Task {
    const { watch, now } = this.#is;
    const after = afterLook(before, seen, now(), watch.heardAtMs(), this.#askedAtMs);
    if (isOpen(before)) watch.heard(ringsComeThrough(after, now()), now());
    return recordChange(this.#is, before, after);
  }

  /** @returns the records of a good answer, and forgets earlier trouble; a bad one ends the round. */
  #recordsOf(outcome: QueryOutcome, token: string): unknown[] {
    if (!outcome.ok) return this.#endRound(outcome.failure, token);
    this.#is.watch.clearTrouble();
    return outcome.records;
  }

  #endRound(failure: UpstreamFailure, token: string): never {
    writeDownTrouble(this.#is, failure, token);
    throw new RoundOver(failure);
  }
}

/** The upstream chokes on something that was asked for, or the records are too long together. */
const isAboutTheBatch = (failure: UpstreamFailure): boolean =>
  isRequestRefused(failure) || isTooLarge(failure);

const chunks = (ids: string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / BATCH_SIZE) }, (_, i) =>
    ids.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE),
  );
