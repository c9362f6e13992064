import { beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSimulator, type Simulator } from "./simulator.ts";

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

let simulator: Simulator;

beforeEach(() => {
  simulator = createSimulator();
});

const video = { action: "text2video", prompt: "a lighthouse", async: true };

function post(path: string, body: unknown) {
  const headers = { authorization: "Bearer alice" };
  return simulator.fetch(`https://api.acedata.cloud${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
}

async function refusal(answer: Response) {
  return { status: answer.status, ...errorSchema.parse(await answer.json()).error };
}

test.each([
  ["/veo/videos", { action: "text2video" }, "prompt: required"],
  ["/veo/videos", { prompt: "a cat" }, "action: "],
  ["/veo/videos", { action: "text2video", prompt: "a cat", model: "veo2" }, "model is not supported"],
  ["/veo/videos", { action: "text2video", prompt: "a cat", aspect_ratio: "1:1" }, "aspect_ratio: "],
  ["/veo/videos", { action: "text2video", prompt: "a cat", resolution: "720p" }, "resolution: "],
  ["/veo/videos", { action: "text2video", prompt: "a cat", resolution: "4k" }, "resolution: 4k"],
  ["/veo/videos", { action: "text2video", prompt: "a cat", seed: 1 }, 'Unrecognized key: "seed"'],
  ["/veo/videos", { action: "image2video", prompt: "a cat" }, "image_urls: image2video takes 1 or 2"],
  ["/veo/videos", { action: "image2video", prompt: "a cat", image_urls: ["nope"] }, "image_urls.0: "],
  ["/veo/videos", { action: "ingredients2video", prompt: "a", image_urls: ["https://e.com/a"] }, "model: "],
  ["/veo/videos", { action: "get1080p", video_id: "0" }, "model: required for get1080p"],
  ["/veo/upsample", { video_id: "0", action: "8k" }, "action: "],
  ["/veo/extend", { video_id: "0", model: "veo3" }, "model is not supported"],
  ["/veo/reshoot", { video_id: "0", motion_type: "SPIN" }, "motion_type: "],
  ["/veo/objects", { video_id: "0", action: "insert" }, "prompt: "],
  ["/veo/objects", { video_id: "0", action: "remove" }, "image_mask: "],
  ["/veo/tasks", { action: "retrieve" }, "id: required"],
  ["/veo/tasks", { action: "retrieve_batch", limit: 0 }, "limit: "],
])("%s refuses %j and names the parameter", async (path, body, message) => {
  const answer = await refusal(await post(path, body));
  expect(answer).toMatchObject({ status: 400, code: "bad_request" });
  expect(answer.message.startsWith(message), answer.message).toBe(true);
  expect(simulator.tasks).toEqual([]);
});

test.each([
  ["/veo/videos", { ...video, model: "veo31", resolution: "4k", aspect_ratio: "9:16", translation: true }],
  ["/veo/videos", { ...video, action: "image2video", image_urls: ["https://e.com/a", "https://e.com/b"] }],
  [
    "/veo/videos",
    {
      ...video,
      action: "ingredients2video",
      model: "veo31-fast-ingredients",
      image_urls: ["https://e.com/a"],
    },
  ],
  ["/veo/videos", { action: "get1080p", video_id: "0", model: "veo3", async: true }],
  ["/veo/extend", { video_id: "0", model: "veo31", prompt: "on", resolution: "720p", async: true }],
  ["/veo/objects", { video_id: "0", action: "insert", prompt: "a hat", async: true }],
  [
    "/veo/objects",
    { video_id: "0", action: "remove", image_mask: "data:image/jpeg;base64,/9j/4A==", async: true },
  ],
  ["/veo/objects", { video_id: "0", action: "remove", image_mask: "https://e.com/m.jpg", async: true }],
])("%s accepts %j", async (path, body) => {
  expect((await post(path, body)).status).toBe(200);
  expect(simulator.tasks).toHaveLength(1);
});

test("an extended video cannot be reshot or object-edited, but extended again", async () => {
  await post("/veo/extend", { video_id: "0".repeat(32), model: "veo31", async: true });
  const video_id = simulator.tasks[0]?.videoIds[0];
  const reshoot = await post("/veo/reshoot", { video_id, motion_type: "UP", async: true });
  expect(await refusal(reshoot)).toMatchObject({ status: 400, code: "bad_request" });
  const insert = { video_id, action: "insert", prompt: "a hat", async: true };
  expect((await post("/veo/objects", insert)).status).toBe(400);
  expect((await post("/veo/extend", { video_id, model: "veo31", async: true })).status).toBe(200);
});

test("a task's id is no video id, while ids from elsewhere are believed", async () => {
  await post("/veo/videos", video);
  const upsample = (video_id: string | undefined) =>
    post("/veo/upsample", { video_id, action: "4k", async: true });
  expect((await refusal(await upsample(simulator.tasks[0]?.taskId))).message).toContain("id of a task");
  expect((await upsample(crypto.randomUUID())).status).toBe(200);
});
