import { describe, expect, vi } from "vitest";
import { FIRST_LOOK_MS } from "../../src/ledger/schedule.ts";
import { connectV1, connectV2, type SubscribingClient } from "./sdk-clients.ts";
import { SECRETS, type Server } from "./server.ts";
import { connectTasksClient } from "./tasks-client.ts";
import { useServers } from "./use-servers.ts";

const server = useServers({
  "with a doorbell": {
    ...SECRETS,
    SECRET_KEY: "secret-key-of-the-e2e-tests-0123456789",
    // The upstream of these tests is on this machine, and so can ring at it.
    CALLBACKS: "on",
  },
});

const CLIENTS = [
  { client: "@modelcontextprotocol/sdk 1", connect: connectV1, words: "red fox" },
  {
    client: "@modelcontextprotocol/client 2, negotiating",
    connect: (url: URL) => connectV2(url, { mode: "auto" }),
    words: "blue whale",
  },
  {
    client: "@modelcontextprotocol/client 2 in its 2025 mode",
    connect: (url: URL) => connectV2(url, { mode: "legacy" }),
    words: "green parrot",
  },
] satisfies readonly { client: string; connect(url: URL): Promise<SubscribingClient>; words: string }[];

function videoOf({ simulator }: Server, prompt: string) {
  const video = simulator.tasks.find((task) => task.prompt === prompt);
  if (video === undefined) throw new Error(`Nobody paid for: ${prompt}`);
  return video;
}

/** Expects that the upstream was asked for a video once, and before that would have been due by itself. */
function expectOneLookByRing(asked: Server, prompt: string): void {
  const { taskId, submittedAtMs } = videoOf(asked, prompt);
  const looks = asked.simulator
    .requestsTo("tasks")
    .filter(({ body }) => JSON.stringify(body).includes(taskId));
  expect(looks.map(({ at }) => at - submittedAtMs < FIRST_LOOK_MS.usual)).toEqual([true]);
}

describe.concurrent("a video that the upstream rings for", (it) => {
  it.for(CLIENTS)("is announced to $client, on the stream that it holds open", async (entry) => {
    const { mcpUrl, simulator } = server("with a doorbell");
    const client = await entry.connect(mcpUrl);
    const prompt = `A ${entry.words} in the snow [never]`;
    const submitted = await client.callTool("veo_text_to_video", { prompt });
    const { task_id: taskId = "" } = submitted.structuredContent;
    const uri = `veo://tasks/${taskId}`;
    await client.subscribe(uri);
    expect(client.updated).toEqual([]);

    simulator.finish(taskId);
    await vi.waitUntil(() => client.updated.length > 0, { timeout: 60_000, interval: 20 });

    const task = await client.callTool("veo_get_task", { task_id: taskId });
    expect(task.structuredContent.state).toBe("succeeded");
    expect(client.updated).toEqual([uri]);
    expectOneLookByRing(server("with a doorbell"), prompt);
    await client.close();
  });

  it("ends the wait of @modelcontextprotocol/ext-tasks, which listens for its task and never asks", async () => {
    const { mcpUrl, simulator } = server("with a doorbell");
    const client = await connectTasksClient(mcpUrl);
    const prompt = "A brown bear in the snow [never]";
    const execution = await client.session.callTool("veo_text_to_video", { prompt });
    if (execution.kind !== "task") throw new Error("The call did not become a task.");
    await client.listenTo(execution.handle.taskId);

    simulator.finish(videoOf(server("with a doorbell"), prompt).taskId);
    const { outcome } = await execution.settle();
    expect(outcome).toMatchObject({
      status: "completed",
      result: { structuredContent: { state: "succeeded" } },
    });
    expect(client.sent).toEqual(["tools/call"]);
    expect(client.news.map(({ status }) => status)).toEqual(["completed"]);
    expectOneLookByRing(server("with a doorbell"), prompt);
    await client.close();
  });
});
