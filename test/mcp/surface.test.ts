import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { version } from "../../package.json";
import { MODEL_NAMES } from "../../src/veo/capabilities.ts";
import { LANES, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";

describe.each(LANES)("the surface, $lane", ({ lane, connect }) => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    world = createWorld({ generationMs: 5000 });
    client = await world.until(connect(world));
  });
  afterEach(() => world.end());

  it("introduces itself: version, title, icon, and five lines from an idea to a video", () => {
    expect(client.protocolVersion).toBe(lane);
    expect(client.serverVersion()).toMatchObject({
      name: "veo",
      title: "Veo video generation",
      version,
      icons: [{ mimeType: "image/svg+xml" }],
    });
    expect(client.instructions()?.split("\n")).toHaveLength(5);
  });

  it("declares what it does, and no lists that change", () => {
    expect(client.serverCapabilities()).toMatchObject({
      tools: {},
      prompts: {},
      resources: { subscribe: true },
      completions: {},
    });
    expect(JSON.stringify(client.serverCapabilities())).not.toMatch(/listChanged/);
  });

  it("lists fourteen tools, three prompts, two resources and a template", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "veo_text_to_video",
      "veo_image_to_video",
      "veo_get_1080p",
      "veo_upsample",
      "veo_extend_video",
      "veo_reshoot",
      "veo_video_objects",
      "veo_get_task",
      "veo_get_tasks_batch",
      "veo_list_tasks",
      "veo_get_usage",
      "veo_list_models",
      "veo_list_actions",
      "veo_get_prompt_guide",
    ]);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual([
      "veo_video_generation_guide",
      "veo_workflow_examples",
      "veo_style_suggestions",
    ]);
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual([
      "veo://models",
      "veo://guide",
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(["veo://tasks/{id}"]);
  });

  it("informs as Markdown for people and as data for programs", async () => {
    for (const name of ["veo_list_models", "veo_list_actions", "veo_get_prompt_guide"]) {
      const answer = await client.callTool(name);
      expect(answer.content[0]?.text).toMatch(/^# /);
      expect(answer.structuredContent).toBeDefined();
    }
    const models = await client.callTool("veo_list_models");
    for (const model of MODEL_NAMES) expect(models.content[0]?.text).toContain(`\`${model}\``);
    expect(models.structuredContent).toMatchObject({
      default_model: "veo31-fast",
      retired: { veo2: "veo31" },
    });
  });

  it("answers text and structured content that agree", async () => {
    for (const [name, args] of [
      ["veo_text_to_video", { prompt: "a fox" }],
      ["veo_list_tasks", {}],
    ] as const) {
      const answer = await client.callTool(name, args);
      expect(JSON.parse(answer.content[0]?.text ?? "")).toEqual(answer.structuredContent);
    }
  });

  it("writes prompts with what is given, and refuses what they do not take", async () => {
    const guide = await client.getPrompt("veo_video_generation_guide", { idea: "a fox", platform: "tiktok" });
    expect(JSON.stringify(guide.messages)).toMatch(/a fox.*9:16/s);
    const flow = await client.getPrompt("veo_workflow_examples", {
      workflow: "another-camera",
      motion_type: "UP",
    });
    expect(JSON.stringify(flow.messages)).toContain("motion_type UP");
    const styles = await client.getPrompt("veo_style_suggestions", { idea: "a fox", style: "noir" });
    expect(JSON.stringify(styles.messages)).toContain("black and white");
    for (const name of ["veo_video_generation_guide", "veo_workflow_examples", "veo_style_suggestions"])
      expect((await client.getPrompt(name)).messages).toHaveLength(1);
    await expect(client.getPrompt("veo_style_suggestions", { colour: "red" })).rejects.toMatchObject({
      code: -32602,
    });
    await expect(client.getPrompt("veo_nothing")).rejects.toMatchObject({ code: -32602 });
  });

  it("completes models, ratios, motions, and the account's task and video ids", async () => {
    const submitted = await client.callTool("veo_text_to_video", { prompt: "a fox" });
    await world.advance(30_000);
    const taskId = String(submitted.structuredContent?.task_id);
    const done = await client.callTool("veo_get_task", { task_id: taskId });
    const [, videoId = ""] = /"video_id":"([^"]+)"/.exec(JSON.stringify(done.structuredContent)) ?? [];
    const guide = { type: "ref/prompt", name: "veo_video_generation_guide" } as const;
    const workflows = { type: "ref/prompt", name: "veo_workflow_examples" } as const;
    const template = { type: "ref/resource", uri: "veo://tasks/{id}" } as const;
    expect(await client.complete(guide, "model", "veo31")).toEqual(["veo31-fast", "veo31"]);
    expect(await client.complete(guide, "aspect_ratio", "9")).toEqual(["9:16"]);
    expect(await client.complete(guide, "platform", "tik")).toEqual(["tiktok"]);
    expect(await client.complete(guide, "idea", "a")).toEqual([]);
    expect(await client.complete(workflows, "motion_type", "stationary_d")).toHaveLength(3);
    expect(await client.complete(workflows, "task_id", "")).toEqual([taskId]);
    expect(await client.complete(workflows, "video_id", videoId.slice(0, 4))).toEqual([videoId]);
    expect(await client.complete(template, "id", taskId.slice(0, 6))).toEqual([taskId]);
    expect(await client.complete(template, "id", "zzz")).toEqual([]);
    await expect(client.complete({ type: "ref/prompt", name: "nothing" }, "x", "")).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("reads resources: the models, the guide, and a task as veo_get_task shows it, without the upstream", async () => {
    const submitted = await client.callTool("veo_text_to_video", { prompt: "a fox" });
    const { task_id, submission_id } = submitted.structuredContent ?? {};
    expect(JSON.stringify(await client.readResource("veo://models"))).toContain("veo31-fast-ingredients");
    expect(JSON.stringify(await client.readResource("veo://guide"))).toContain("# Writing a prompt");
    for (const id of [task_id, submission_id]) {
      const { contents } = await client.readResource(`veo://tasks/${id}`);
      expect(contents).toMatchObject([{ mimeType: "application/json" }]);
      expect(JSON.stringify(contents)).toContain(String(task_id));
    }
    expect(world.taskQueries()).toBe(0);
  });

  it.each(["veo://tasks/nothing", "veo://tasks/a b", "veo://", "file:///etc/passwd"])(
    "does not find the resource %s",
    async (uri) => {
      await expect(client.readResource(uri)).rejects.toMatchObject({
        code: lane === "2026-07-28" ? -32602 : -32002,
      });
      expect(world.taskQueries()).toBe(0);
    },
  );
});
