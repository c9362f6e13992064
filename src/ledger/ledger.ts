import { fail, ok, type Result, type UpstreamFailure } from "../errors.ts";
import { recordChange } from "./change.ts";
import type { LedgerDependencies } from "./dependencies.ts";
import { Look, ROUND_NEWS } from "./look.ts";
import { type HistoryPage, Lookups, nameOf, type TaskReference } from "./lookups.ts";
import { wouldBeDue } from "./nudge.ts";
import type { Wait } from "./parking.ts";
import { type Progress, progressAfter } from "./progress.ts";
import { HASTY_PARK_MS, LOOKUP_WAIT_MS, MAX_WAIT_MS, POLLING_INTERVAL_MS } from "./schedule.ts";
import { type CallbackAddress, type Order, type SubmissionSettings, submit } from "./submission.ts";
import { isSubmissionId } from "./submission-id.ts";
import { isOpen, type Task } from "./task.ts";
import type { TaskFilter } from "./task-store.ts";
import { afterRing, cancelRequested, paceOf, ringsComeThrough } from "./transitions.ts";
import { askedAtMs, resumeWatch } from "./trouble.ts";
import { reportUsage, type UsageReport } from "./usage-report.ts";

export interface Poll {
  /** How long to wait for news; absent: only when the poll is hasty. */
  waitMs?: number | undefined;
  /** Whether tasks of the same token that the ledger does not know may be asked for (tool-surface.md, "Whose task?"). */
  mayAdopt: boolean;
  signal?: AbortSignal | undefined;
  /** Told, while the call is held back, how far the task is: more every time, and never the whole. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** The tasks of one account: what was asked, where it stands, and who waits for it. */
export class Ledger {
  readonly #is: LedgerDependencies;
  readonly #settings: SubmissionSettings;
  readonly look: Look;
  readonly #lookups: Lookups;
  /**
   * When each open task was last answered. In memory: forgetting it costs one poll that is answered at once, and
   * keeping it would cost a write for each poll.
   */
  readonly #lastAnswerMs = new Map<string, number>();

  constructor(dependencies: LedgerDependencies, settings: SubmissionSettings) {
    this.#is = dependencies;
    this.#settings = settings;
    this.look = new Look(dependencies);
    this.#lookups = new Lookups(dependencies);
  }

  /**
   * Sends a paid request once, and answers with its task.
   * @param callbackAddress where the upstream may ring when it is over, unless the order has an address of its own.
   */
  submit(order: Order, callbackAddress?: CallbackAddress): Promise<Result<Task>> {
    return submit(this.#is, this.#settings, order, callbackAddress);
  }

  /**
   * The upstream rang for a submission. Only a hint: the task is made due, and the look believes the record.
   * @returns whether it is watched, and so whether ringing is of any use.
   */
  async ring(submissionId: string): Promise<boolean> {
    const { tasks, watch, now, arm } = this.#is;
    const task = tasks.bySubmissionId(submissionId);
    if (task === undefined) return false;
    const rung = afterRing(task, now());
    if (rung !== undefined) {
      tasks.update(rung);
      watch.heard(ringsComeThrough(rung, now()), now());
      await arm();
    }
    return isOpen(task);
  }

  /** Notes that a task is not wanted any more; the upstream has no way to cancel, so it goes on and is watched. */
  cancel(task: Task): void {
    const cancelled = cancelRequested(task, this.#is.now());
    if (cancelled !== task) recordChange(this.#is, task, cancelled);
  }

  /** @returns what the account has ordered, and what of its limits and the deployment's is left. */
  usage(): Promise<UsageReport> {
    return reportUsage(this.#is);
  }

  /** How long ended tasks are kept at least. */
  get retentionMs(): number {
    return this.#settings.retentionMs;
  }

  /** @returns the task that made a video, when this account made it. */
  taskOfVideo(videoId: string): Task | undefined {
    return this.#is.tasks.byVideoId(videoId);
  }

  /** @returns why the upstream is not asked at the moment, if it is not. */
  trouble(): UpstreamFailure | undefined {
    return this.#is.watch.trouble()?.failure;
  }

  /** @returns when a task is looked at next: not before the upstream is asked again at all; null when nobody does. */
  nextLookMs({ nextCheckAtMs }: Task): number | null {
    return nextCheckAtMs === null ? null : askedAtMs(this.#is, nextCheckAtMs);
  }

  /** Answers a poll of one task: from storage, or after a wait for news as tool-surface.md has it. */
  async poll(reference: TaskReference, poll: Poll): Promise<Result<Task>> {
    const deadlineMs = this.#is.now() + MAX_WAIT_MS;
    const known = this.find(reference);
    if (known === undefined) {
      const refused = await this.#lookups.tasks([reference], poll);
      if (refused !== undefined) return fail(refused);
    }
    await this.#catchUp(poll.signal);
    const task = this.find(reference);
    if (task === undefined) return fail({ kind: "task_not_found", reference: nameOf(reference) });
    const madeDue = await this.#nudge(task);
    const wantedMs = poll.waitMs ?? this.#patienceMs(task, madeDue);
    const waitMs = Math.min(wantedMs, deadlineMs - this.#is.now());
    const settles = isOpen(task) || (task.state === "unknown" && madeDue);
    const waits = settles && waitMs > 0;
    if (waits) await this.#is.parking.wait(task.submissionId, waitMs, this.#waitOf(task, poll));
    const current = (waits ? this.#is.tasks.bySubmissionId(task.submissionId) : undefined) ?? task;
    if (isOpen(current)) this.#lastAnswerMs.set(current.submissionId, this.#is.now());
    else this.#lastAnswerMs.delete(current.submissionId);
    return ok(current);
  }

  /** Answers for several tasks at once, without waiting for news of any. */
  async pollMany(
    references: TaskReference[],
    poll: Pick<Poll, "mayAdopt" | "signal">,
  ): Promise<Result<{ tasks: Task[]; notFound: string[] }>> {
    const unknown = references.filter((reference) => this.find(reference) === undefined);
    const refused = await this.#lookups.tasks(unknown, poll);
    if (refused !== undefined) return fail(refused);
    await this.#catchUp(poll.signal);
    const tasks = new Map<number, Task>();
    const notFound: string[] = [];
    for (const reference of references) {
      const task = this.find(reference);
      if (task === undefined) notFound.push(nameOf(reference));
      else {
        await this.#nudge(task);
        tasks.set(task.position, task);
      }
    }
    return ok({ tasks: [...tasks.values()], notFound });
  }

  /** A page of the upstream's history of the account's token, newest first; what is new in it is adopted. */
  async history(page: HistoryPage, signal?: AbortSignal): Promise<Result<Task[]>> {
    const found = await this.#lookups.history(page, signal);
    return found.ok ? ok(found.value.flatMap((id) => this.#is.tasks.bySubmissionId(id) ?? [])) : found;
  }

  /** A page of the ledger itself, newest first, without the upstream. */
  list(filter: TaskFilter, limit: number, before?: number, offset?: number): Task[] {
    return this.#is.tasks.page(filter, limit, before, offset);
  }

  /** Ids of the account that begin with `prefix`, newest first, for completions. */
  taskIds = (prefix: string, limit: number): string[] => this.#is.tasks.taskIds(prefix, limit);
  videoIds = (prefix: string, limit: number): string[] => this.#is.tasks.videoIds(prefix, limit);

  /** @returns the task as the ledger has it, without the upstream. */
  find(reference: TaskReference): Task | undefined {
    if ("traceId" in reference) return this.#is.tasks.byTraceId(reference.traceId);
    return isSubmissionId(reference.taskId)
      ? this.#is.tasks.bySubmissionId(reference.taskId)
      : this.#is.tasks.byTaskId(reference.taskId);
  }

  /**
   * Where only callers bring a credential, nobody looks while they are away: whoever asks first waits for the look
   * that was due meanwhile. It is the alarm's, like every look, and runs with the token of this call.
   */
  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    const { parking, credential, arm, now } = this.#is;
    if (credential.isStanding()) return;
    // A watch that stopped for a refused key goes on with the key of this call.
    resumeWatch(this.#is);
    const dueAtMs = this.look.nextAtMs();
    if (dueAtMs === null) return;
    // First the wait, then the alarm: the look must not be over before anybody waits for it.
    const looked = dueAtMs <= now() && parking.wait(ROUND_NEWS, LOOKUP_WAIT_MS, { signal });
    // Where nothing is due yet too: the alarm may have gone off with nobody there, and this call may be held.
    await arm();
    await looked;
  }

  /** What a held call does meanwhile: it tells its caller how far the task is, each time more than before. */
  #waitOf(task: Task, { signal, onProgress }: Poll): Wait {
    if (onProgress === undefined) return { signal };
    let told = -1;
    return {
      signal,
      onProgress: () => {
        const progress = progressAfter(this.#is.now() - task.createdAtMs);
        if (progress.progress <= told) return;
        told = progress.progress;
        onProgress(progress);
      },
    };
  }

  /** How long a poll without a wish of its own is held back. */
  #patienceMs(task: Task, madeDue: boolean): number {
    if (!isOpen(task)) return madeDue ? LOOKUP_WAIT_MS : 0;
    const lastAnswerMs = this.#lastAnswerMs.get(task.submissionId) ?? task.createdAtMs;
    return this.#is.now() - lastAnswerMs < POLLING_INTERVAL_MS ? HASTY_PARK_MS : 0;
  }

  /**
   * Makes a task due when somebody asks for it and its next look is far, at most once per interval: a query
   * never asks the upstream by itself.
   * @returns whether it is due now because of this.
   */
  async #nudge(task: Task): Promise<boolean> {
    const { tasks, watch, now } = this.#is;
    const resumed = isOpen(task) && resumeWatch(this.#is);
    const due = wouldBeDue(task, now(), () => paceOf(task, now(), watch.heardAtMs()));
    if (due) tasks.update({ ...task, nextCheckAtMs: now() });
    if (due || resumed) await this.#is.arm();
    return due;
  }
}
