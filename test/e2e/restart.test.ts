import { expect, test, vi } from "vitest";
import { connectV1 } from "./sdk-clients.ts";
import { SECRETS } from "./server.ts";
import { useServers } from "./use-servers.ts";

const server = useServers({ personal: SECRETS });

test("a server that was killed goes on with its sessions, and finishes the task that was under way", async () => {
  const { simulator, restart } = server("personal");
  const before = await connectV1(server("personal").mcpUrl);
  const submitted = await before.callTool("veo_text_to_video", { prompt: "a lighthouse in a storm" });
  const taskId = submitted.structuredContent.task_id;
  expect(submitted.structuredContent.state).toBe("processing");
  expect(simulator.requestsTo("tasks")).toEqual([]);
  await before.close();
  await restart();

  // Nobody has asked the new process for anything: it is the alarm that asks the upstream.
  await vi.waitUntil(() => simulator.requestsTo("tasks").length > 0, { timeout: 40_000, interval: 100 });

  const after = await connectV1(server("personal").mcpUrl, { sessionId: before.sessionId });
  expect(after.sessionId).toBe(before.sessionId);
  const task = await after.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 });
  expect(task.structuredContent).toMatchObject({ state: "succeeded", task_id: taskId });
  expect(simulator.requestsTo("paid")).toHaveLength(1);
  await after.close();
});
