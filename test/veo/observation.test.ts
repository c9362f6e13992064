import { describe, expect, it } from "vitest";
import { observeRecord, observeRecords } from "../../src/veo/observation.ts";

const observe = (response: unknown, rest: object = {}) => observeRecord({ id: "t1", ...rest, response });
const video = { id: "v1", video_url: "https://cdn.test/v1.mp4", state: "succeeded" };

describe("reading a task record", () => {
  it.each([
    ["is absent", undefined],
    ["is null", null],
    ["is empty", {}],
    ["has no success", { task_id: "t1", trace_id: "x" }],
    ["has data that runs", { data: [{ id: "v1", state: "running" }] }],
    ["has data that is queued", { data: [{ id: "v1", state: "queued" }] }],
    ["says success while its data still runs", { success: true, data: [{ id: "v1", state: "processing" }] }],
    ["is not an object", "soon"],
    ["has a word of success without a medium", { state: "completed", data: [] }],
  ])("takes a task for pending whose response %s", (_what, response) => {
    expect(observe(response)?.kind).toBe("pending");
  });

  it.each([
    ["success", { success: true, data: [video] }],
    ["a word of success and a medium", { data: [video] }],
    ["a word in capitals", { data: [{ ...video, state: "Completed" }] }],
    ["a state beside the data", { state: "finished", data: [{ id: "v1", video_url: video.video_url }] }],
    ["data that is one object", { success: true, data: video }],
    ["a medium under gif_url", { success: true, data: [{ id: "v1", gif_url: video.video_url }] }],
    ["a medium under image_url", { success: true, data: [{ id: "v1", image_url: video.video_url }] }],
    ["a medium under url", { success: true, data: [{ id: "v1", url: video.video_url }] }],
    ["a medium under any other *_url", { success: true, data: [{ id: "v1", clip_url: video.video_url }] }],
  ])("takes a task for succeeded that has %s", (_what, response) => {
    expect(observe(response)).toMatchObject({
      kind: "succeeded",
      videos: [{ videoId: "v1", url: video.video_url }],
    });
  });

  it.each([
    ["success: false", { success: false, error: { code: "api_error", message: "no luck" } }, "api_error"],
    ["success: false without an error", { success: false }, "unknown"],
    ["a word of failure", { data: [{ id: "v1", state: "failed" }] }, "unknown"],
    ["cancelled", { state: "canceled" }, "unknown"],
    ["rejected", { data: [{ state: "rejected" }], error: { code: "policy" } }, "policy"],
  ])("takes a task for failed that has %s", (_what, response, code) => {
    expect(observe(response)).toMatchObject({ kind: "failed", code });
  });

  it("leaves out the address to ring at, which the upstream may quote", () => {
    const callback_url = "https://veo.test/callbacks/sealed";
    const error = { code: "api_error", message: `${callback_url} did not answer` };
    expect(observe({ success: false, error }, { request: { callback_url } })).toMatchObject({
      message: "[address] did not answer",
    });
  });

  it("prefers the Unix time of the record, and reads the times of its videos in UTC+8", () => {
    const seen = observe(
      {
        success: true,
        data: [{ ...video, created_at: "2025-07-25 17:19:20", complete_at: "2025-07-25 17:21:45" }],
      },
      {
        created_at: 1753435158.509,
        started_at: "2025-11-14T17:50:07.97Z",
        finished_at: 1753435305.1,
        elapsed: 146.6,
      },
    );
    expect(seen).toMatchObject({
      createdAtMs: 1753435158509,
      finishedAtMs: 1753435305100,
      elapsedSeconds: 146.6,
      videos: [
        { createdAtMs: Date.UTC(2025, 6, 25, 9, 19, 20), completedAtMs: Date.UTC(2025, 6, 25, 9, 21, 45) },
      ],
    });
  });

  it("keeps of the request only what may be shown", () => {
    const request = {
      action: "text2video",
      prompt: "a fox",
      callback_url: "https://x.test",
      image_mask: "/9j/",
      user_id: "u",
    };
    expect(observe({}, { request })?.request).toEqual({ action: "text2video", prompt: "a fox" });
  });

  it("does not offer a link that is not http(s)", () => {
    const seen = observe({ success: true, data: [{ id: "v1", video_url: "javascript:alert(1)" }] });
    expect(seen).toMatchObject({ kind: "succeeded", videos: [] });
  });

  it.each([null, undefined, {}, [], "x", 7, { error: { code: "not_found" } }, { id: 7 }])(
    "finds no task in %j",
    (record) => expect(observeRecord(record)).toBeUndefined(),
  );

  it.each([
    [{ action: "text2video" }, "videos", "veo_text_to_video"],
    [{ action: "ingredients2video" }, "videos", "veo_image_to_video"],
    [{ action: "get1080p" }, "videos", "veo_get_1080p"],
    [{ action: "4k" }, "upsample", "veo_upsample"],
    [{ action: "insert" }, "objects", "veo_video_objects"],
    [{ motion_type: "UP" }, "reshoot", "veo_reshoot"],
    [{ video_id: "v", model: "veo31" }, "extend", "veo_extend_video"],
    [{ prompt: "?" }, "audio", undefined],
  ])("knows the tool of request %j of type %s", (request, type, tool) => {
    expect(observe({}, { request, type })?.tool).toBe(tool);
  });
});

describe("records of one task that differ", () => {
  const pending = { id: "t", response: null };
  const failed = { id: "t", response: { success: false, error: { code: "api_error" } } };
  const succeeded = {
    id: "t",
    response: { success: true, data: [{ id: "v", video_url: "https://cdn.test/v.mp4" }] },
  };

  it.each([
    ["an end, not what is still to come", [pending, failed], "failed"],
    ["an end, whichever comes first", [failed, pending], "failed"],
    ["a video, since it is there", [failed, succeeded, pending], "succeeded"],
    ["a video, whichever comes first", [pending, succeeded, failed], "succeeded"],
  ])("are read as %s", (_what, records, kind) => {
    expect([...observeRecords(records).values()]).toMatchObject([{ taskId: "t", kind }]);
  });
});
