/** When the first of them was made, and one a minute from then on. */
const FIRST_MS = Date.UTC(2034, 5, 1);
const EVERY_MS = 60_000;

/** What task number `index` has, by its column. */
export const createdAtMs = (index: number): number => FIRST_MS + index * EVERY_MS;
export const positionOf = (index: number): number => createdAtMs(index) * 1000;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
export const submissionIdOf = (index: number): string => `sub_${hex(index, 32)}`;
export const taskIdOf = (index: number): string => `task-${hex(index, 8)}`;
export const videoIdOf = (index: number): string => `video-${hex(index, 8)}`;

/**
 * Puts tasks number `from` to `to` into an account's tables, as finished ones of a deployment with limits are, by
 * statements of SQLite's own: a hundred thousand one by one would take a minute.
 */
export function addTasks(sql: SqlStorage, from: number, to: number): void {
  sql.exec(
    `INSERT INTO task (position, submission_id, task_id, trace_id, state, tool, request, videos, created_at_ms,
       finished_at_ms, elapsed_seconds, checked_at_ms, looked_at_ms, rings, rang_at_ms, credits, settlement,
       idempotency_key, request_hash)
     WITH RECURSIVE number (i, ms) AS
       (SELECT ?1, ?3 + ?1 * ?4 UNION ALL SELECT i + 1, ms + ?4 FROM number WHERE i + 1 < ?2)
     SELECT ms * 1000, printf('sub_%032x', i), printf('task-%08x', i), printf('trace-%08x', i), 'succeeded',
       'veo_text_to_video',
       json_object('action', 'text2video', 'model', 'veo31-fast', 'aspect_ratio', '16:9', 'translation', json('false'),
         'prompt', printf('A %s by the river at dusk, slow dolly in, cinematic, clip%08x', iif(i % 5, 'red fox', 'blue heron'), i)),
       json_array(json_object('videoId', printf('video-%08x', i),
         'url', printf('https://cdn.test/videos/%032x.mp4?signature=%064x', i, i), 'createdAtMs', ms)),
       ms, ms + 90000, 90.0, ms + 90000, ms + 90000, 1, ms + 90000, 1.5, 'done', printf('key-%08x', i), printf('%064x', i)
     FROM number`,
    from,
    to,
    FIRST_MS,
    EVERY_MS,
  );
  const added = [positionOf(from), positionOf(to)];
  sql.exec(
    "INSERT INTO task_prompt (rowid, words) SELECT position, request ->> 'prompt' FROM task WHERE position >= ? AND position < ?",
    ...added,
  );
  sql.exec(
    "INSERT INTO video (video_id, position) SELECT videos ->> '$[0].videoId', position FROM task WHERE position >= ? AND position < ?",
    ...added,
  );
}

/** Makes some of them what few are: still on their way, lost, failed, of another tool, with something left to do. */
export function makeFewSpecial(sql: SqlStorage): void {
  const set = (what: string, ...indices: number[]) =>
    sql.exec(`UPDATE task SET ${what} WHERE position IN (${indices.map(positionOf)})`);
  set("state = 'processing', next_check_at_ms = created_at_ms, settlement = 'due'", 11, 44, 77);
  set(
    "state = 'submitting', next_check_at_ms = created_at_ms, task_id = NULL, request_hash = 'twin'",
    22,
    88,
  );
  set("state = 'failed', settlement = 'due'", 33, 66);
  set("tool = 'veo_reshoot'", 5, 55);
}
