import { describe, expect, vi } from "vitest";
import { connectV1, connectV2 } from "./sdk-clients.ts";
import { SECRETS, type Server } from "./server.ts";
import { useServers } from "./use-servers.ts";

const server = useServers({ quiet: SECRETS, "with open streams": SECRETS });

/** A server that was started again has another port, where a deployed one keeps its address. */
const following =
  (moving: Server): typeof fetch =>
  (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    return fetch(new URL(pathname, moving.url), init);
  };

describe.concurrent("a server that was killed", (it) => {
  it("goes on with its sessions, and finishes the task that was under way", async () => {
    const { simulator, restart } = server("quiet");
    const before = await connectV1(server("quiet").mcpUrl);
    const submitted = await before.callTool("veo_text_to_video", { prompt: "a lighthouse in a storm" });
    const taskId = submitted.structuredContent.task_id;
    expect(submitted.structuredContent.state).toBe("processing");
    expect(simulator.requestsTo("tasks")).toEqual([]);
    await before.close();
    await restart();

    // Nobody has asked the new process for anything: it is the alarm that asks the upstream.
    await vi.waitUntil(() => simulator.requestsTo("tasks").length > 0, { timeout: 40_000, interval: 100 });

    const after = await connectV1(server("quiet").mcpUrl, { sessionId: before.sessionId });
    expect(after.sessionId).toBe(before.sessionId);
    const task = await after.callTool("veo_get_task", { task_id: taskId, wait_seconds: 50 });
    expect(task.structuredContent).toMatchObject({ state: "succeeded", task_id: taskId });
    expect(simulator.requestsTo("paid")).toHaveLength(1);
    await after.close();
  });

  it("tells its news to those whose streams it took down with it", async () => {
    const moving = server("with open streams");
    const options = { fetch: following(moving) };
    const legacy = await connectV1(moving.mcpUrl, options);
    const modern = await connectV2(moving.mcpUrl, { mode: "auto" }, options);
    const submitted = await legacy.callTool("veo_text_to_video", {
      prompt: "a lighthouse in a storm [never]",
    });
    const { task_id: taskId = "" } = submitted.structuredContent;
    const uri = `veo://tasks/${taskId}`;
    await legacy.subscribe(uri);
    const { ended } = await modern.subscribe(uri);
    await moving.restart();

    // The v1 SDK opens its session's stream again by itself; the v2 SDK says that it is gone, and leaves it there.
    expect(await ended).toBe("remote");
    await modern.subscribe(uri);
    moving.simulator.finish(taskId);
    for (const client of [legacy, modern]) {
      await vi.waitUntil(() => client.updated.length > 0, { timeout: 40_000, interval: 100 });
      expect(client.updated).toEqual([uri]);
      await client.close();
    }
  });
});
