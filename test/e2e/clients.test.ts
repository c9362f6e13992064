import { describe, expect, vi } from "vitest";
import { TOOL_NAMES } from "../../src/tools/registry.ts";
import { connectInspector } from "./inspector.ts";
import { makeVideo } from "./make-video.ts";
import { connectV1, connectV2, type Progress, type RealClient } from "./sdk-clients.ts";
import { SECRETS } from "./server.ts";
import { connectTasksClient } from "./tasks-client.ts";
import { useServers } from "./use-servers.ts";

const server = useServers({ personal: SECRETS });

interface Entry {
  client: string;
  connect(mcpUrl: URL): Promise<RealClient>;
  /** Undefined where the client does not tell. */
  protocolVersion: string | undefined;
  /** How it learns that the video is done: it asks, and may hear meanwhile how far it is; or it follows the task. */
  learns: "asking" | "asking, with progress" | "following the task";
  /** Words that no other client's prompt has: all of them share one account. */
  words: string;
}

const CLIENTS: readonly Entry[] = [
  {
    client: "@modelcontextprotocol/sdk 1",
    connect: connectV1,
    protocolVersion: "2025-11-25",
    learns: "asking, with progress",
    words: "red fox",
  },
  {
    client: "@modelcontextprotocol/client 2, negotiating",
    connect: (url) => connectV2(url, { mode: "auto" }),
    protocolVersion: "2026-07-28",
    learns: "asking, with progress",
    words: "blue whale",
  },
  {
    client: "@modelcontextprotocol/client 2 in its 2025 mode",
    connect: (url) => connectV2(url, { mode: "legacy" }),
    protocolVersion: "2025-11-25",
    learns: "asking, with progress",
    words: "green parrot",
  },
  {
    client: "MCP Inspector's command line",
    connect: (url) => connectInspector(url, "legacy"),
    protocolVersion: undefined,
    learns: "asking",
    words: "white owl",
  },
  {
    client: "MCP Inspector's command line, 2026-07-28",
    connect: (url) => connectInspector(url, "modern"),
    protocolVersion: undefined,
    learns: "following the task",
    words: "black panther",
  },
  {
    client: "@modelcontextprotocol/ext-tasks",
    connect: connectTasksClient,
    protocolVersion: "2026-07-28",
    learns: "following the task",
    words: "brown bear",
  },
];

// All of them at once: a video takes its time.
vi.setConfig({ maxConcurrency: CLIENTS.length });

/** At the beginning, and ten seconds later; always more than before, and never the whole. */
function expectHonest(progress: readonly Progress[]): void {
  expect(progress.length).toBeGreaterThanOrEqual(2);
  const seconds = progress.map((said) => said.progress);
  expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
  for (const said of progress) expect(said.progress).toBeLessThan(said.total ?? 0);
}

describe.concurrent("a client that nobody here wrote", (it) => {
  it.for(CLIENTS)("$client makes a video, opens it, and finds it again by its prompt", async (entry) => {
    const client = await entry.connect(server("personal").mcpUrl);
    expect(client.protocolVersion).toBe(entry.protocolVersion);
    expect(await client.listTools()).toEqual(TOOL_NAMES);

    const { task, polls, progress } = await makeVideo(client, `A ${entry.words} in the snow`);
    expect(task.structuredContent.state).toBe("succeeded");
    // The first look comes after the video is done, and a poll waits for it: news comes with the first answer. Who
    // follows the task gets the video from the call that ordered it.
    expect(polls).toBe(entry.learns === "following the task" ? 0 : 1);
    if (entry.learns === "asking, with progress") expectHonest(progress);
    else expect(progress).toEqual([]);

    const videoUrl = task.structuredContent.videos?.[0]?.video_url ?? "";
    expect(task.content.find(({ type }) => type === "resource_link")?.uri).toBe(videoUrl);
    const video = await fetch(videoUrl);
    expect(video.headers.get("content-type")).toBe("video/mp4");
    // ISO 14496-12: a file begins with its type box, whose name follows four bytes of length.
    expect(Buffer.from(await video.arrayBuffer()).toString("latin1", 4, 8)).toBe("ftyp");

    const found = await client.callTool("veo_list_tasks", { query: entry.words });
    expect(found.structuredContent.tasks).toMatchObject([
      { task_id: task.structuredContent.task_id, state: "succeeded", videos: [{ video_url: videoUrl }] },
    ]);
    await client.close();
  });
});
