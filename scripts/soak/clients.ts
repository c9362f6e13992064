import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectInspector } from "../../test/e2e/inspector.ts";
import { connectMcpRemote } from "../../test/e2e/mcp-remote.ts";
import { connectV1, connectV2, type RealClient, type SubscribingClient } from "../../test/e2e/sdk-clients.ts";
import { AUTHORIZATION } from "../../test/e2e/server.ts";
import { connectTasksClient } from "../../test/e2e/tasks-client.ts";

/** A client that nobody here wrote, and how many conversations somebody has with it at a time. */
export interface ClientKind {
  readonly name: string;
  /** Begins the words of its orders. */
  readonly prefix: string;
  readonly conversations: number;
  connect(mcpUrl: URL): Promise<RealClient | SubscribingClient>;
}

export const CLIENTS: readonly ClientKind[] = [
  { name: "SDK v1", prefix: "sdkone", conversations: 6, connect: (url) => connectV1(url) },
  {
    name: "SDK v2 (2026-07-28)",
    prefix: "sdktwo",
    conversations: 6,
    connect: (url) => connectV2(url, { mode: "auto" }),
  },
  { name: "ext-tasks", prefix: "exttasks", conversations: 6, connect: (url) => connectTasksClient(url) },
  { name: "mcp-remote", prefix: "remote", conversations: 6, connect: connectThroughMcpRemote },
  // Each of its calls is a process.
  {
    name: "Inspector CLI",
    prefix: "inspector",
    conversations: 3,
    connect: (url) => connectInspector(url, "legacy"),
  },
];

/** With the access key as a header, as the README has it. */
async function connectThroughMcpRemote(mcpUrl: URL): Promise<RealClient> {
  const directory = await mkdtemp(join(tmpdir(), "veo-soak-remote-"));
  const flags = ["--header", `Authorization: ${AUTHORIZATION.authorization}`];
  const visit = (address: URL) => Promise.reject(new Error(`It wants somebody to sign in: ${address}`));
  const forget = () => rm(directory, { recursive: true, force: true });
  try {
    const client = await connectMcpRemote({ mcpUrl, directory, flags, visit });
    return { ...client, close: () => client.close().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}
