import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LANES, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

const VIDEO = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
const png = "https://pictures.test/1.png";
const base = { aspect_ratio: "16:9", translation: false, async: true };

/** A call, and the request that the upstream must get for it, to the letter. */
const CALLS: [tool: string, args: Record<string, unknown>, path: string, body: Record<string, unknown>][] = [
  [
    "veo_text_to_video",
    { prompt: "a fox" },
    "/veo/videos",
    { ...base, action: "text2video", prompt: "a fox", model: "veo31-fast" },
  ],
  [
    "veo_text_to_video",
    { prompt: "a fox", model: "veo31", aspect_ratio: "9:16", translation: true, resolution: "4k" },
    "/veo/videos",
    {
      action: "text2video",
      prompt: "a fox",
      model: "veo31",
      aspect_ratio: "9:16",
      translation: true,
      resolution: "4k",
      async: true,
    },
  ],
  [
    "veo_text_to_video",
    { prompt: "a fox", resolution: "720p", model: null, callback_url: null },
    "/veo/videos",
    { ...base, action: "text2video", prompt: "a fox", model: "veo31-fast" },
  ],
  [
    "veo_image_to_video",
    { prompt: "it runs", image_urls: [png, png] },
    "/veo/videos",
    { ...base, action: "image2video", prompt: "it runs", image_urls: [png, png], model: "veo31-fast" },
  ],
  [
    "veo_image_to_video",
    { prompt: "they meet", image_urls: [png, png, png], model: "veo31-fast-ingredients" },
    "/veo/videos",
    {
      ...base,
      action: "ingredients2video",
      prompt: "they meet",
      image_urls: [png, png, png],
      model: "veo31-fast-ingredients",
    },
  ],
  [
    "veo_get_1080p",
    { video_id: VIDEO, model: "veo3" },
    "/veo/videos",
    { action: "get1080p", video_id: VIDEO, model: "veo3", async: true },
  ],
  ["veo_upsample", { video_id: VIDEO }, "/veo/upsample", { video_id: VIDEO, action: "1080p", async: true }],
  [
    "veo_upsample",
    { video_id: VIDEO, action: "gif" },
    "/veo/upsample",
    { video_id: VIDEO, action: "gif", async: true },
  ],
  [
    "veo_extend_video",
    { video_id: VIDEO },
    "/veo/extend",
    { video_id: VIDEO, model: "veo31-fast", async: true },
  ],
  [
    "veo_extend_video",
    { video_id: VIDEO, model: "veo31", prompt: "on", aspect_ratio: "9:16", resolution: "1080p" },
    "/veo/extend",
    { video_id: VIDEO, model: "veo31", prompt: "on", aspect_ratio: "9:16", resolution: "1080p", async: true },
  ],
  [
    "veo_reshoot",
    { video_id: VIDEO, motion_type: "UP" },
    "/veo/reshoot",
    { video_id: VIDEO, motion_type: "UP", async: true },
  ],
  [
    "veo_video_objects",
    { video_id: VIDEO, action: "insert", prompt: "a hat" },
    "/veo/objects",
    { video_id: VIDEO, action: "insert", prompt: "a hat", async: true },
  ],
  [
    "veo_video_objects",
    {
      video_id: VIDEO,
      action: "remove",
      image_mask: "data:image/jpeg;base64,/9j/4AAQ",
      callback_url: "https://c.test/x",
    },
    "/veo/objects",
    {
      video_id: VIDEO,
      action: "remove",
      image_mask: "data:image/jpeg;base64,/9j/4AAQ",
      callback_url: "https://c.test/x",
      async: true,
    },
  ],
];

describe.each(LANES)("what the upstream gets, $lane", ({ connect }) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld();
    client = await world.until(connect(world));
  });
  afterEach(() => world.end());

  it("is what was asked for, to the letter, and is accepted", async () => {
    for (const [tool, args, path, body] of CALLS) {
      const answer = await client.callTool(tool, args);
      expect(answer.structuredContent, `${tool} ${answer.content[0]?.text}`).toMatchObject({
        state: "processing",
        tool,
      });
      const request = world.simulator.requestsTo("paid").at(-1);
      expect(request).toMatchObject({ method: "POST", path, status: 200 });
      expect(request?.body).toEqual(body);
    }
  });
});
