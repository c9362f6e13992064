/**
 * The tables of an account's object, in versions. To change them: (1) append a version, never edit one that was
 * released; (2) adapt the code that reads the rows; (3) update the pinned copy that `schema.test.ts` compares.
 */
export const VERSIONS: readonly string[] = [
  `
  CREATE TABLE task (
    position INTEGER PRIMARY KEY,
    submission_id TEXT NOT NULL UNIQUE,
    task_id TEXT UNIQUE,
    trace_id TEXT,
    state TEXT NOT NULL,
    tool TEXT,
    request TEXT NOT NULL,
    videos TEXT NOT NULL,
    error TEXT,
    created_at_ms INTEGER NOT NULL,
    finished_at_ms INTEGER,
    elapsed_seconds REAL,
    checked_at_ms INTEGER,
    looked_at_ms INTEGER,
    next_check_at_ms INTEGER,
    idempotency_key TEXT UNIQUE,
    request_hash TEXT
  );
  CREATE INDEX task_due ON task (next_check_at_ms) WHERE next_check_at_ms IS NOT NULL;
  CREATE INDEX task_trace ON task (trace_id) WHERE trace_id IS NOT NULL;
  CREATE INDEX task_by_state ON task (state, position);
  CREATE INDEX task_by_tool ON task (tool, position);
  CREATE VIRTUAL TABLE task_prompt USING fts5 (words, content = '', contentless_delete = 1);
  CREATE TABLE video (video_id TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX video_by_position ON video (position);
  CREATE TABLE lookup (
    key TEXT PRIMARY KEY,
    query TEXT NOT NULL,
    due_at_ms INTEGER,
    answered_at_ms INTEGER,
    found TEXT
  ) WITHOUT ROWID;
  CREATE TABLE trouble (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    failures INTEGER NOT NULL,
    failure TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    not_before_ms INTEGER
  );
  CREATE TABLE session (
    session_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    seen_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX session_by_use ON session (seen_at_ms);
  `,
  `
  CREATE TABLE credential (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sealed TEXT NOT NULL
  );
  `,
  `
  ALTER TABLE task ADD COLUMN cancel_requested INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE task ADD COLUMN settled_at_ms INTEGER;
  ALTER TABLE task ADD COLUMN rings INTEGER;
  ALTER TABLE task ADD COLUMN rang_at_ms INTEGER;
  CREATE TABLE doorbell (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    heard_at_ms INTEGER NOT NULL
  );
  CREATE TABLE subscription (
    holder TEXT NOT NULL,
    topic TEXT NOT NULL,
    changed_at_ms INTEGER,
    PRIMARY KEY (holder, topic)
  ) WITHOUT ROWID;
  CREATE INDEX subscription_by_topic ON subscription (topic);
  ALTER TABLE session ADD COLUMN stream_closed_at_ms INTEGER;
  `,
  `
  ALTER TABLE task ADD COLUMN lost_at_ms INTEGER;
  ALTER TABLE task ADD COLUMN absent_at_ms INTEGER;
  ALTER TABLE task ADD COLUMN payer_hash TEXT;
  ALTER TABLE task ADD COLUMN credits REAL;
  ALTER TABLE task ADD COLUMN settlement TEXT;
  CREATE INDEX task_unsettled ON task (position)
    WHERE settlement = 'due' AND state NOT IN ('submitting', 'processing');
  CREATE TABLE usage (
    day INTEGER NOT NULL,
    tool TEXT NOT NULL,
    model TEXT NOT NULL,
    generations INTEGER NOT NULL,
    credits REAL NOT NULL,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (day, tool, model)
  ) WITHOUT ROWID;
  INSERT INTO usage (day, tool, model, generations, credits, unpriced)
    SELECT created_at_ms / 86400000, coalesce(tool, ''), coalesce(request ->> 'model', ''), count(*), 0, count(*)
    FROM task WHERE request_hash IS NOT NULL AND NOT (state = 'failed' AND task_id IS NULL) GROUP BY 1, 2, 3;
  CREATE TABLE health_check (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    asked_at_ms INTEGER NOT NULL,
    failure TEXT
  );
  `,
];

/** Releases with two versions write their own number over a later one, so the later ones are known by what they made. */
const MADE_BY: Readonly<Record<string, number>> = { doorbell: 3, usage: 4 };

/** Brings an object's tables up to date. All or nothing: the runtime rolls a failed start back. */
export function migrate(storage: DurableObjectStorage): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
    const [row] = sql.exec<{ version: number }>("SELECT version FROM schema_version").toArray();
    const made = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .map(({ name }) => MADE_BY[name] ?? 0);
    const from = Math.max(row?.version ?? 0, ...made);
    // Tables of a later release, which was rolled back: its additions do no harm.
    if (from >= VERSIONS.length) return;
    for (const ddl of VERSIONS.slice(from)) sql.exec(ddl);
    sql.exec("DELETE FROM schema_version");
    sql.exec("INSERT INTO schema_version (version) VALUES (?)", VERSIONS.length);
  });
}
