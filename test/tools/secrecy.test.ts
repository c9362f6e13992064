import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LANES, type TestClient } from "../clients.ts";
import { ACCOUNT_SECRET_PREFIX } from "../simulator/record.ts";
import { tablesOf } from "../stored-tables.ts";
import { ACCESS_KEY, createWorld, UPSTREAM_TOKEN, type World } from "../world.ts";

const CALLBACK = "https://caller.test/callback-secret";
const MASK = "/9j/4AAQmask-secret".replaceAll("-", "0");

describe.each(LANES)("what stays inside, $lane", ({ connect }) => {
  let world: World;
  let client: TestClient;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    world = createWorld();
    for (const level of ["debug", "log", "info", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation(
        (...line: unknown[]) => void lines.push(line.map(String).join(" ")),
      );
    client = await world.until(connect(world));
  });
  afterEach(() => world.end());

  it("are account identifiers, tokens, callback addresses and masks: in every answer, in the log and in storage", async () => {
    const answers: unknown[] = [];
    const call = async (tool: string, args: Record<string, unknown> = {}) => {
      const answer = await world.until(client.callTool(tool, args));
      answers.push(answer);
      return answer.structuredContent?.task_id;
    };
    const video_id = "253eedc4f5a84f6c9b2d0e3a1c7b9d11";
    const ids = [
      await call("veo_text_to_video", { prompt: "a fox", callback_url: CALLBACK }),
      await call("veo_text_to_video", { prompt: "[fail] a fox", callback_url: CALLBACK }),
      await call("veo_video_objects", {
        video_id,
        action: "remove",
        image_mask: MASK,
        callback_url: CALLBACK,
      }),
    ];
    await world.advance(90_000);
    for (const task_id of ids) {
      await call("veo_get_task", { task_id });
      answers.push(await client.readResource(`veo://tasks/${task_id}`));
    }
    await call("veo_get_tasks_batch");
    await call("veo_get_tasks_batch", { task_ids: ids });
    await call("veo_list_tasks");
    world.simulator.inject({
      kind: "status",
      match: "paid",
      status: 401,
      code: "invalid_token",
      message: `bad ${UPSTREAM_TOKEN}`,
    });
    await call("veo_text_to_video", { prompt: "a fox" });

    const told = JSON.stringify(answers) + lines.join("\n");
    expect(told).toContain("succeeded");
    for (const secret of [
      ACCOUNT_SECRET_PREFIX,
      UPSTREAM_TOKEN,
      ACCESS_KEY,
      CALLBACK,
      MASK,
      "callback_url",
      "image_mask",
    ])
      expect(told, secret).not.toContain(secret);

    const stored = await world.inObject((_, { storage }) => JSON.stringify(tablesOf(storage)));
    expect(stored).toContain("a fox");
    for (const secret of [ACCOUNT_SECRET_PREFIX, UPSTREAM_TOKEN, ACCESS_KEY, CALLBACK, MASK])
      expect(stored, secret).not.toContain(secret);
  });
});
