import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectModern, type TestClient } from "../clients.ts";
import { createWorld, type World } from "../world.ts";
import { deploy } from "./deployed.ts";
import { PERSONAL } from "./deployments.ts";

const MINUTE = 60_000;
/** Without limits, so that nothing needs a price. */
const variables = { ...PERSONAL.variables, MAX_CREDITS_PER_DAY: undefined };

describe("a submission whose answer never came", () => {
  let world: World;
  let client: TestClient;
  beforeEach(async () => {
    deploy(variables);
    world = createWorld({ variables });
    client = await world.until(connectModern(world, String(variables.MCP_ACCESS_KEY)));
  });
  afterEach(() => world.end());

  const make = (idempotency_key: string, args: object = {}) =>
    world.until(client.callTool("veo_text_to_video", { prompt: "a fox", idempotency_key, ...args }));
  const list = async () => (await client.callTool("veo_list_tasks")).structuredContent;

  it("does not take the task of an identical one that is still on its way", async () => {
    world.simulator.inject({ kind: "drop", match: "paid" });
    await make("first");
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    await make("second");
    await world.advance(2 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "succeeded" }, { state: "submitting" }] });
    await world.advance(12 * MINUTE);
    expect(await list()).toMatchObject({
      tasks: [{ state: "succeeded" }, { state: "failed", error: { code: "never_arrived" } }],
    });
  });

  it("does not take the task of one that asked for the same and more", async () => {
    world.simulator.inject({ kind: "drop", match: "paid" });
    await make("first");
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    await make("second", { resolution: "1080p" });
    await world.advance(2 * MINUTE);
    expect(await list()).toMatchObject({ tasks: [{ state: "succeeded" }, { state: "submitting" }] });
  });

  it("is not thought to be answered with the task of another one", async () => {
    await make("first");
    const [first] = world.simulator.tasks;
    const text = JSON.stringify({ task_id: first?.taskId });
    world.simulator.inject({ kind: "body", match: "paid", text });
    expect(await make("second")).toMatchObject({
      _meta: { "veo/error": { code: "submission_undetermined" } },
    });
    await world.advance(13 * MINUTE);
    expect(await list()).toMatchObject({
      tasks: [
        { state: "failed", error: { code: "never_arrived" } },
        { task_id: first?.taskId, state: "succeeded" },
      ],
    });
  });

  it("is not shown in the history as if somebody else had made it", async () => {
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    const answer = await make("first");
    const [submissionId] = /sub_[0-9a-f]{32}/.exec(answer.content[0]?.text ?? "") ?? [];
    const history = await world.until(client.callTool("veo_get_tasks_batch"));
    expect(history.structuredContent).toMatchObject({ tasks: [{ submission_id: submissionId }] });
  });

  it("is not shown in the history while it is on its way either", async () => {
    world.simulator.inject({ kind: "latency", match: "paid", latencyMs: 10_000 });
    const made = client.callTool("veo_text_to_video", { prompt: "a fox" });
    await world.settle();
    const history = await world.until(client.callTool("veo_get_tasks_batch"));
    expect(world.simulator.tasks).toHaveLength(1);
    expect(history.structuredContent).toMatchObject({ tasks: [] });
    const { structuredContent } = await world.until(made);
    expect(await list()).toMatchObject({ tasks: [{ submission_id: structuredContent?.submission_id }] });
  });
});
