import fc from "fast-check";
import { AT_FIRST, type Task } from "../../src/ledger/task.ts";

/** What may come in place of something: mostly that, sometimes any JSON. */
export const odd = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: fc.jsonValue() });

/** Some of the fields of an object, each of them mostly what it should be. */
export const oddly = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record(
        Object.fromEntries(Object.entries(fields).map(([name, usual]) => [name, odd(usual)])),
        { requiredKeys: [] },
      ),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  );

export const NOW_MS = Date.UTC(2035, 0, 1);
const unixSeconds = fc.double({ min: NOW_MS / 1000 - 1e6, max: NOW_MS / 1000 + 1e6, noNaN: true });
/** A time in any of the upstream's ways, and in some that are not. */
const writtenTime = fc.oneof(
  unixSeconds,
  unixSeconds.map(String),
  unixSeconds.map((seconds) => seconds * 1000),
  unixSeconds.map((seconds) => seconds * 1e6),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 19).replace("T", " ")),
  fc.double(),
);
const word = fc.constantFrom(
  ..."succeeded,completed,success,failed,error,canceled,running,queued,pending,Finished,".split(","),
);
const url = fc.oneof(
  fc.webUrl(),
  fc.constantFrom("javascript:alert(1)", "http://", "//x", "data:,", "https://[::1"),
);
const id = fc.oneof(fc.constantFrom("t1", "t2", "t3"), fc.uuid(), fc.string());

const item = oddly({
  id,
  video_id: id,
  video_url: url,
  gif_url: url,
  clip_url: url,
  state: word,
  status: word,
  created_at: writtenTime,
  complete_at: writtenTime,
});
const error = oddly({
  code: fc.constantFrom("api_error", "used_up", "bad_request", ""),
  message: fc.string(),
});
export const finalBody = oddly({
  success: fc.boolean(),
  task_id: id,
  trace_id: id,
  state: word,
  data: fc.oneof(fc.array(item, { maxLength: 3 }), item),
  error,
  detail: fc.string(),
});
const request = oddly({
  action: fc.constantFrom("text2video", "image2video", "get1080p", "4k", "insert"),
  prompt: fc.string(),
  model: fc.constantFrom("veo3", "veo31-fast"),
  image_urls: fc.array(url, { maxLength: 3 }),
  translation: fc.boolean(),
  motion_type: fc.constant("UP"),
  callback_url: url,
});
/** A task record of the upstream's, in any of its shapes, with anything odd in it. */
export const record = oddly({
  id,
  trace_id: id,
  type: fc.constantFrom("videos", "extend"),
  created_at: writtenTime,
  started_at: writtenTime,
  finished_at: writtenTime,
  elapsed: fc.double(),
  request,
  response: fc.option(finalBody),
});
/** A body of the upstream's, whatever it was asked. */
export const body = fc.oneof(
  finalBody,
  record,
  error,
  oddly({ error, detail: fc.string(), trace_id: id }),
  oddly({ items: fc.array(record, { maxLength: 4 }), count: fc.nat() }),
  fc.array(record, { maxLength: 4 }),
  fc.jsonValue(),
);

/** A submission that was just written down. */
export const submitted = (index: number, createdAtMs: number, changes: Partial<Task> = {}): Task => ({
  ...AT_FIRST,
  position: createdAtMs * 1000 + index,
  submissionId: `sub_${String(index).padStart(32, "0")}`,
  taskId: null,
  traceId: null,
  state: "submitting",
  tool: "veo_text_to_video",
  request: { prompt: "a fox" },
  createdAtMs,
  checkedAtMs: null,
  lookedAtMs: null,
  nextCheckAtMs: createdAtMs + 60_000,
  rings: null,
  payerHash: null,
  credits: null,
  settlement: null,
  idempotencyKey: null,
  requestHash: `hash ${index}`,
  ...changes,
});
