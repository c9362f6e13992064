import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const VIDEO = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
const TEXT = "veo_text_to_video";
const IMAGE = "veo_image_to_video";
const OBJECTS = "veo_video_objects";
const png = "https://pictures.test/1.png";

/** A wrong call, and what its answer must name. */
const MISTAKES: [tool: string, args: Record<string, unknown>, said: string[]][] = [
  [TEXT, {}, ["prompt is required"]],
  [TEXT, { prompt: "   " }, ["prompt must not be empty"]],
  [TEXT, { prompt: 7 }, ["prompt must be a string"]],
  [TEXT, { prompt: "x".repeat(10_001) }, ["prompt must be at most 10000 characters"]],
  [TEXT, { prompt: "x", model: "veo2" }, ['model "veo2" is retired', "use veo31."]],
  [TEXT, { prompt: "x", model: "veo2-fast" }, ["retired", "use veo31-fast."]],
  [TEXT, { prompt: "x", model: "veo31-fasst" }, ['"veo31-fasst" is not one of', "did you mean veo31-fast?"]],
  [TEXT, { prompt: "x", model: "VEO3" }, ["did you mean veo3?"]],
  [
    TEXT,
    { prompt: "x", model: "veo31-fast-ingredients" },
    ["is not one of veo31-fast, veo31, veo3-fast, veo3"],
  ],
  [TEXT, { prompt: "x", model: ["veo3"] }, ["is not one of"]],
  [TEXT, { prompt: "x", aspect_ratio: "4:3" }, ['aspect_ratio "4:3" is retired', "use 16:9"]],
  [TEXT, { prompt: "x", aspect_ratio: "9:15" }, ["did you mean 9:16?"]],
  [TEXT, { prompt: "x", resolution: "8k" }, ["is not one of 720p, 1080p, 4k, gif", "did you mean 4k?"]],
  [
    TEXT,
    { prompt: "x", resolution: "4k" },
    ['resolution "4k" is not available with veo31-fast', "720p, 1080p, gif"],
  ],
  [TEXT, { prompt: "x", translation: "yes" }, ["translation must be a boolean"]],
  [TEXT, { prompt: "x", promt: "y" }, ['no argument "promt"', "did you mean prompt?"]],
  [TEXT, { prompt: "x", video_id: VIDEO }, ['no argument "video_id"']],
  [TEXT, { prompt: "x", callback_url: "ftp://a.test/x" }, ["callback_url must be an http(s) URL"]],
  [TEXT, { prompt: "x", callback_url: "https://me:secret@a.test/" }, ["without user name and password"]],
  [TEXT, { prompt: "x", callback_url: "not a url" }, ["callback_url must be an http(s) URL"]],
  [TEXT, { prompt: "x", idempotency_key: "k".repeat(65) }, ["idempotency_key must be at most 64 characters"]],
  [TEXT, { prompt: "x", idempotency_key: "" }, ["idempotency_key must not be empty"]],
  [TEXT, { prompt: "x", idempotency_key: "k " }, ["idempotency_key must not begin or end with a blank"]],
  [IMAGE, { prompt: "x" }, ["image_urls is required"]],
  [IMAGE, { prompt: "x", image_urls: [] }, ["image_urls needs at least 1 picture"]],
  [IMAGE, { prompt: "x", image_urls: png }, ["image_urls must be an array"]],
  [
    IMAGE,
    { prompt: "x", image_urls: [png, png, png] },
    ["veo31-fast takes 1 to 2 image_urls, not 3", "veo31-fast-ingredients"],
  ],
  [
    IMAGE,
    { prompt: "x", image_urls: [png, png, png, png], model: "veo31-fast-ingredients" },
    ["at most 3 pictures"],
  ],
  [IMAGE, { prompt: "x", image_urls: ["file:///etc/passwd"] }, ["image_urls.0 must be an http(s) URL"]],
  [
    IMAGE,
    { prompt: "x", image_urls: ["data:image/png;base64,AAAA"] },
    ["image_urls.0 must be an http(s) URL"],
  ],
  [IMAGE, { image_urls: [png] }, ["prompt is required"]],
  [IMAGE, { prompt: "x", image_urls: [png], resolution: "4k" }, ["not available with veo31-fast"]],
  ["veo_get_1080p", {}, ["video_id is required"]],
  ["veo_get_1080p", { video_id: VIDEO, model: "veo2" }, ["retired"]],
  ["veo_upsample", { video_id: "../../x y" }, ["video_id must be 1 to 128 letters, digits"]],
  ["veo_upsample", { video_id: VIDEO, action: "2k" }, ["is not one of 1080p, 4k, gif", "did you mean 4k?"]],
  ["veo_upsample", { video_id: VIDEO, action: "720p" }, ["is not one of 1080p, 4k, gif"]],
  ["veo_extend_video", { video_id: VIDEO, model: "veo3" }, ["is not one of veo31-fast, veo31"]],
  ["veo_extend_video", { video_id: VIDEO, resolution: "4k" }, ["is not one of 720p, 1080p"]],
  ["veo_extend_video", { video_id: VIDEO, aspect_ratio: "1:1" }, ["retired"]],
  ["veo_reshoot", { video_id: VIDEO }, ["motion_type is required: one of STATIONARY,"]],
  ["veo_reshoot", { video_id: VIDEO, motion_type: "dolly_in" }, ["is not one of STATIONARY,"]],
  ["veo_reshoot", { video_id: VIDEO, motion_type: "LEFT_TO_RIGTH" }, ["did you mean LEFT_TO_RIGHT?"]],
  [OBJECTS, { video_id: VIDEO }, ["action is required: one of insert, remove"]],
  [OBJECTS, { video_id: VIDEO, action: "insert" }, ["prompt is required to insert"]],
  [OBJECTS, { video_id: VIDEO, action: "remove" }, ["image_mask is required to remove"]],
  [
    OBJECTS,
    { video_id: VIDEO, action: "remove", image_mask: "iVBORw0KGgo=" },
    ["image_mask must be an http(s) URL of a JPEG"],
  ],
  [
    OBJECTS,
    { video_id: VIDEO, action: "remove", image_mask: "https://u:p@a.test/m.jpg" },
    ["image_mask must be"],
  ],
  [
    OBJECTS,
    { video_id: VIDEO, action: "remove", image_mask: `/9j/${"A".repeat(900_000)}` },
    ["pass a URL instead"],
  ],
  ["veo_get_task", {}, ["exactly one of task_id and trace_id"]],
  ["veo_get_task", { task_id: "a", trace_id: "b" }, ["exactly one of task_id and trace_id"]],
  ["veo_get_task", { task_id: "a'; DROP TABLE task" }, ["task_id must be 1 to 128 letters"]],
  ["veo_get_task", { task_id: "" }, ["task_id must be 1 to 128"]],
  ["veo_get_task", { task_id: "a", wait_seconds: 51 }, ["wait_seconds must be at most 50"]],
  ["veo_get_task", { task_id: "a", wait_seconds: 1.5 }, ["wait_seconds must be"]],
  ["veo_get_task", { task_id: "a", wait_seconds: "5" }, ["wait_seconds must be"]],
  ["veo_get_tasks_batch", { task_ids: Array.from({ length: 51 }, (_, i) => `t${i}`) }, ["at most 50 ids"]],
  ["veo_get_tasks_batch", { trace_ids: Array.from({ length: 51 }, (_, i) => `t${i}`) }, ["at most 50 ids"]],
  ["veo_get_tasks_batch", { task_ids: ["a"], trace_ids: ["b"] }, ["not both"]],
  ["veo_get_tasks_batch", { task_ids: ["a b"] }, ["task_ids.0 must be 1 to 128"]],
  ["veo_get_tasks_batch", { limit: 51 }, ["limit must be at most 50"]],
  ["veo_get_tasks_batch", { limit: 0 }, ["limit must be at least 1"]],
  ["veo_get_tasks_batch", { offset: -1 }, ["offset must be at least 0"]],
  ["veo_get_tasks_batch", { created_at_min: 1753435158000 }, ["in seconds, not milliseconds"]],
  ["veo_list_tasks", { state: "done" }, ["is not one of submitting, processing"]],
  ["veo_list_tasks", { tool: "veo_text2video" }, ["did you mean veo_text_to_video?"]],
  ["veo_list_tasks", { limit: 51 }, ["limit must be at most 50"]],
  ["veo_get_usage", { days: 7 }, ['no argument "days"']],
  ["veo_list_models", { model: "veo3" }, ['no argument "model"']],
];

describe.each(LANES)("a wrong call, $lane", ({ connect }) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld();
    client = await world.until(connect(world));
  });
  afterEach(() => world.end());

  it("is named with what is allowed and what is near, and nothing is sent, spent or kept", async () => {
    for (const [tool, args, said] of MISTAKES) {
      const answer = await client.callTool(tool, args);
      const what = `${tool} ${JSON.stringify(args).slice(0, 80)}`;
      expect(answer, what).toMatchObject({
        isError: true,
        _meta: { "veo/error": { code: "invalid_argument", retryable: false, next_step: expect.any(String) } },
      });
      expect(answer, what).not.toHaveProperty("structuredContent");
      const text = answer.content[0]?.text ?? "";
      for (const words of said) expect(text, what).toContain(words);
      expect(text.split("\n"), what).toHaveLength(2);
      expect(text.length, what).toBeLessThan(1500);
    }
    expect(world.simulator.requests).toHaveLength(0);
    expect((await client.callTool("veo_list_tasks")).structuredContent).toMatchObject({ count: 0 });
  });

  it("with several mistakes names them all", async () => {
    const answer = await client.callTool(TEXT, { model: "veo2", aspect_ratio: "1:1", foo: 1 });
    for (const words of ["prompt is required", "veo2", "1:1", "foo"])
      expect(answer.content[0]?.text).toContain(words);
  });

  it("that names an unknown tool is an error of the protocol", async () => {
    await expect(client.callTool("veo_make_coffee")).rejects.toMatchObject({ code: -32602 });
  });

  it("to reshoot or edit an extended video of ours is refused before it is sent", async () => {
    await client.callTool("veo_extend_video", { video_id: VIDEO, prompt: "it goes on" });
    await world.advance(90_000);
    const { structuredContent } = await client.callTool("veo_list_tasks");
    const [, video_id] = /"video_id":"([^"]+)","video_url"/.exec(JSON.stringify(structuredContent)) ?? [];
    expect(video_id).toBeDefined();
    for (const [tool, args] of [
      ["veo_reshoot", { video_id, motion_type: "UP" }],
      [OBJECTS, { video_id, action: "insert", prompt: "a hat" }],
    ] as const) {
      const answer = await client.callTool(tool, args);
      expect(answer).toMatchObject({ isError: true, _meta: { "veo/error": { code: "invalid_argument" } } });
      expect(answer.content[0]?.text).toContain("extended video");
    }
    expect(world.paidCalls()).toBe(1);
  });
});
