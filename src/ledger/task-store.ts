import { indexedWords, promptQuery } from "./prompt-words.ts";
import type { Task, TaskState } from "./task.ts";
import { COLUMN_NAMES, COLUMNS, PLACES, rowSchema, values } from "./task-row.ts";

export interface TaskFilter {
  state?: TaskState | undefined;
  tool?: string | undefined;
  /** Words of the prompt; all of them must be there. */
  query?: string | undefined;
  createdFromMs?: number | undefined;
  createdToMs?: number | undefined;
}

/** Which ended tasks are old. */
export interface Old {
  createdBeforeMs: number;
  /** The same for those that the deployment's budget has still to be told of. */
  unsettledBeforeMs: number;
  /** When the upstream was last asked about them, at the latest. */
  lookedUntilMs: number;
}

/** Positions grow by this for each millisecond, which leaves room for a thousand tasks in one. */
const POSITIONS_PER_MS = 1000;
/** Finished tasks kept in memory beside their rows; a few hundred kilobytes at the most. */
const MAX_REMEMBERED = 100;

/** The rows of the ledger's tasks. Statements only: what a change means is in `transitions.ts`. */
export class TaskStore {
  readonly #sql: SqlStorage;
  /** By submission id and by task id. Every change of a row goes through this class, so none is ever stale. */
  readonly #finished = new Map<string, Task>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns a free position for a task created at `createdAtMs`. */
  positionFor(createdAtMs: number): number {
    const first = Math.floor(createdAtMs) * POSITIONS_PER_MS;
    const { last } = this.#sql
      .exec<{ last: number | null }>(
        "SELECT max(position) AS last FROM task WHERE position >= ? AND position < ?",
        first,
        first + POSITIONS_PER_MS,
      )
      .one();
    if (last === null) return first;
    // A full millisecond runs over into the next: the upstream may know times to the second only.
    return last + 1 < first + POSITIONS_PER_MS ? last + 1 : this.positionFor(createdAtMs + 1);
  }

  /** Adds a task, with the words of its prompt. */
  insert(task: Task): void {
    this.#sql.exec(`INSERT INTO task (${COLUMNS}) VALUES (${PLACES})`, ...values(task));
    if (typeof task.request.prompt === "string")
      this.#sql.exec(
        "INSERT INTO task_prompt (rowid, words) VALUES (?, ?)",
        task.position,
        indexedWords(task.request.prompt),
      );
    this.#keepVideos(task);
  }

  /**
   * Writes what changed of a task that is there already. Only that, since every column that is named costs a write of
   * each index it is in, and a written row costs a thousand times what a read one does. The request, and so the words of
   * the prompt, never change.
   */
  update(task: Task): void {
    this.#forget(task);
    const written = this.#sql.exec(`SELECT ${COLUMNS} FROM task WHERE position = ?`, task.position).raw();
    const [before] = written;
    if (before === undefined) return;
    const after = values(task);
    const changed = COLUMN_NAMES.flatMap((name, i) =>
      after[i] === before[i] ? [] : [{ name, value: after[i] ?? null }],
    );
    if (changed.length === 0) return;
    this.#sql.exec(
      `UPDATE task SET ${changed.map(({ name }) => `${name} = ?`).join(", ")} WHERE position = ?`,
      ...changed.map(({ value }) => value),
      task.position,
    );
    if (changed.some(({ name }) => name === "videos")) this.#keepVideos(task);
  }

  /** Forgets a task, with its words and its videos. */
  remove(task: Task): void {
    this.#forget(task);
    const { position } = task;
    this.#sql.exec("DELETE FROM task WHERE position = ?", position);
    this.#sql.exec("DELETE FROM task_prompt WHERE rowid = ?", position);
    this.#sql.exec("DELETE FROM video WHERE position = ?", position);
  }

  #keepVideos(task: Task): void {
    for (const { videoId } of task.videos)
      if (videoId !== undefined)
        this.#sql.exec(
          "INSERT OR IGNORE INTO video (video_id, position) VALUES (?, ?)",
          videoId,
          task.position,
        );
  }

  bySubmissionId = (id: string): Task | undefined => this.#remembered("submission_id = ?", id);
  byTaskId = (id: string): Task | undefined => this.#remembered("task_id = ?", id);
  byTraceId = (id: string): Task | undefined => this.#first("trace_id = ? ORDER BY position DESC", id);
  byIdempotencyKey = (key: string): Task | undefined => this.#first("idempotency_key = ?", key);

  /** @returns how many tasks of the account's own making are not over. */
  countInFlight(): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM task WHERE state IN ('submitting', 'processing') AND request_hash IS NOT NULL",
      )
      .one().n;
  }

  /** @returns ended tasks that the deployment's budget has still to be told of. */
  unsettled(limit: number): Task[] {
    return this.#select(
      "task WHERE settlement = 'due' AND state NOT IN ('submitting', 'processing') ORDER BY position LIMIT ?",
      limit,
    );
  }

  /** Notes that the deployment's budget was told how a task ended. */
  settled(submissionId: string): void {
    const task = this.bySubmissionId(submissionId);
    if (task !== undefined) this.update({ ...task, settlement: "done" });
  }

  /** @returns the task of an identical request that the upstream has not answered yet. */
  submittingLike = (requestHash: string): Task | undefined =>
    this.#first("state = 'submitting' AND request_hash = ? ORDER BY position DESC", requestHash);
  byVideoId = (id: string): Task | undefined =>
    this.#first("position = (SELECT position FROM video WHERE video_id = ?)", id);

  /** @returns the tasks that are due at `nowMs`, the longest overdue first. */
  due(nowMs: number): Task[] {
    return this.#select("task WHERE next_check_at_ms <= ? ORDER BY next_check_at_ms", nowMs);
  }

  /** @returns when the next task is due, or null when none is watched. */
  nextDueMs(): number | null {
    return this.#sql
      .exec<{ next: number | null }>(
        "SELECT min(next_check_at_ms) AS next FROM task WHERE next_check_at_ms IS NOT NULL",
      )
      .one().next;
  }

  /**
   * A page of tasks, newest first.
   * @param before only tasks older than this position. Positions never change, so a page that starts where the
   * last one ended neither skips nor repeats, however many tasks were added meanwhile.
   */
  page(filter: TaskFilter, limit: number, before?: number, offset = 0): Task[] {
    const words = filter.query === undefined ? undefined : promptQuery(filter.query);
    if (filter.query !== undefined && words === undefined) return [];
    // With words, their index leads, newest first: a word of every prompt then costs a page, not the whole ledger.
    const [from, position] =
      words === undefined
        ? ["task", "position"]
        : ["task_prompt CROSS JOIN task ON position = task_prompt.rowid", "task_prompt.rowid"];
    const conditions: string[] = [];
    const bindings: (string | number)[] = [];
    const where = (condition: string, value: string | number | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      bindings.push(value);
    };
    where("words MATCH ?", words);
    // Numbers are bound as REAL, and a full-text index takes only an INTEGER for a place to begin at.
    where(`${position} < CAST(? AS INTEGER)`, before);
    where(
      `${position} >= CAST(? AS INTEGER)`,
      filter.createdFromMs && filter.createdFromMs * POSITIONS_PER_MS,
    );
    where(
      `${position} < CAST(? AS INTEGER)`,
      filter.createdToMs && (filter.createdToMs + 1) * POSITIONS_PER_MS,
    );
    // With both, the index of the fewer leads, and `+` keeps the other's out: most tasks succeed.
    const byTool = filter.state === undefined || filter.state === "succeeded";
    where(byTool && filter.tool !== undefined ? "+state = ?" : "state = ?", filter.state);
    where(byTool ? "tool = ?" : "+tool = ?", filter.tool);
    const all = conditions.length === 0 ? "true" : conditions.join(" AND ");
    return this.#select(
      `${from} WHERE ${all} ORDER BY ${position} DESC LIMIT ? OFFSET ?`,
      ...bindings,
      limit,
      offset,
    );
  }

  /** @returns up to `limit` of the account's task ids that begin with `prefix`, newest first. */
  taskIds = (prefix: string, limit: number): string[] => this.#ids("task_id", "task", prefix, limit);
  /** @returns up to `limit` of the account's video ids that begin with `prefix`, newest first. */
  videoIds = (prefix: string, limit: number): string[] => this.#ids("video_id", "video", prefix, limit);

  /** @returns the oldest task that nobody watches any more, and whether the deployment's budget was told of it. */
  oldestEnded(): { createdAtMs: number; lookedAtMs: number | null; isSettled: boolean } | null {
    const [row] = this.#sql
      .exec<{ position: number; looked_at_ms: number | null; settlement: string | null }>(
        "SELECT position, looked_at_ms, settlement FROM task WHERE next_check_at_ms IS NULL ORDER BY position LIMIT 1",
      )
      .toArray();
    if (row === undefined) return null;
    const { position, looked_at_ms: lookedAtMs, settlement } = row;
    const createdAtMs = Math.floor(position / POSITIONS_PER_MS);
    return { createdAtMs, lookedAtMs, isSettled: settlement !== "due" };
  }

  /** Forgets ended tasks that are old, at most `limit` of them: the rest waits for the next time. */
  forgetEnded({ createdBeforeMs, unsettledBeforeMs, lookedUntilMs }: Old, limit: number): void {
    const old = this.#select(
      `task WHERE position < ? AND next_check_at_ms IS NULL AND (settlement IS NOT 'due' OR position < ?)
       AND (looked_at_ms IS NULL OR looked_at_ms <= ?) ORDER BY position LIMIT ?`,
      createdBeforeMs * POSITIONS_PER_MS,
      unsettledBeforeMs * POSITIONS_PER_MS,
      lookedUntilMs,
      limit,
    );
    for (const task of old) this.remove(task);
  }

  /** A finished task is asked for again and again: it is read from its row once, until it changes. */
  #remembered(condition: string, id: string): Task | undefined {
    const known = this.#finished.get(id);
    if (known !== undefined) return known;
    const task = this.#first(condition, id);
    if (task?.state !== "succeeded") return task;
    if (this.#finished.size >= MAX_REMEMBERED) this.#finished.clear();
    this.#finished.set(id, task);
    return task;
  }

  #forget({ submissionId, taskId }: Task): void {
    this.#finished.delete(submissionId);
    if (taskId !== null) this.#finished.delete(taskId);
  }

  #first = (condition: string, ...bindings: (string | number)[]): Task | undefined =>
    this.#select(`task WHERE ${condition} LIMIT 1`, ...bindings)[0];

  #select(from: string, ...bindings: (string | number)[]): Task[] {
    const rows = this.#sql.exec(`SELECT ${COLUMNS} FROM ${from}`, ...bindings).toArray();
    return rows.map((row) => rowSchema.parse(row));
  }

  #ids(column: "task_id" | "video_id", table: string, prefix: string, limit: number): string[] {
    // Any at all are the newest ones; those that begin alike are few, and are sorted.
    const which = prefix === "" ? "IS NOT NULL AND ?1 = ''" : ">= ?1 AND $ < ?1 || x'f48fbfbf'";
    return this.#sql
      .exec<{ id: string }>(
        `SELECT ${column} AS id FROM ${table} WHERE ${column} ${which.replace("$", column)} ORDER BY position DESC LIMIT ?2`,
        prefix,
        limit,
      )
      .toArray()
      .map((row) => row.id);
  }
}
