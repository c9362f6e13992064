import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TASKS_EXTENSION } from "../../src/mcp/task-directory.ts";
import { connectModern } from "../clients.ts";
import { ACCESS_KEY, createWorld, ORIGIN, type World } from "../world.ts";
import { expectSoon, expectStreams } from "./event-reader.ts";

describe("subscriptions/listen of the SDK's client", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("is heard by a client that declares the Tasks extension", async () => {
    const heard: unknown[] = [];
    const listener = new Client(
      { name: "listener", version: "1" },
      {
        versionNegotiation: { mode: "auto" },
        capabilities: { extensions: { [TASKS_EXTENSION]: {} } },
      },
    );
    listener.fallbackNotificationHandler = async (notification) => void heard.push(notification);
    listener.setNotificationHandler(
      "notifications/resources/updated",
      (notification) => void heard.push(notification),
    );
    const requestInit = { headers: { authorization: `Bearer ${ACCESS_KEY}` } };
    const transport = new StreamableHTTPClientTransport(new URL("/mcp", ORIGIN), {
      requestInit,
      fetch: world.fetch,
    });
    await world.until(listener.connect(transport));
    const client = await world.until(connectModern(world));
    const { structuredContent } = await world.until(
      client.callTool("veo_text_to_video", { prompt: "a heron" }),
    );
    const submissionId = String(structuredContent?.submission_id);
    const uri = `veo://tasks/${String(structuredContent?.task_id)}`;
    const filter = { taskIds: [submissionId], resourceSubscriptions: [uri] };
    const subscription = await world.until(listener.listen(filter));
    expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: [uri] });
    await world.advance(90_000);
    await expectSoon(world, () => heard.length === 2);
    expect(heard).toMatchObject([
      { method: "notifications/tasks", params: { taskId: submissionId, status: "completed" } },
      { method: "notifications/resources/updated", params: { uri } },
    ]);
    await world.until(subscription.close());
    expect(await subscription.closed).toBe("local");
    await expectStreams(world, 0);

    const once = await world.until(listener.listen(filter));
    await world.crash();
    expect(await once.closed).toBe("remote");
    await listener.close();
  });
});
