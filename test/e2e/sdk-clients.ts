import {
  type ClientOptions,
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { App } from "./app.ts";
import { AUTHORIZATION } from "./server.ts";
import { readToolResult, type ToolResult } from "./tool-result.ts";

/** A client as someone else wrote it, in the few methods that these tests need. */
export interface RealClient {
  /** Undefined when the client keeps it to itself. */
  readonly protocolVersion: string | undefined;
  listTools(): Promise<string[]>;
  /** @param onProgress told how far the call is, by clients that can ask for it. */
  callTool(
    name: string,
    args: Record<string, unknown>,
    onProgress?: (progress: Progress) => void,
  ): Promise<ToolResult>;
  close(): Promise<void>;
}

export interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
}

/** A client that can be told of changes. */
export interface SubscribingClient extends RealClient {
  /** The resources that it was told of, in the order of the news. */
  readonly updated: readonly string[];
  /** @returns when the stream with the news has ended, and the client has to subscribe again; never, if it need not. */
  subscribe(uri: string): Promise<{ readonly ended: Promise<unknown> }>;
}

/** A client with a session that can be taken up again, and ended. */
export interface SessionClient extends SubscribingClient {
  readonly sessionId: string | undefined;
  endSession(): Promise<void>;
}

export interface ConnectOptions {
  /** Signs in; without one, the access key is sent as a header. */
  readonly app?: App;
  /** Finds the server, when it may move. */
  readonly fetch?: typeof fetch;
}

/** A server that is killed is away for seconds, and a client with the SDK's own patience would give up. */
const RECONNECTION = {
  initialReconnectionDelay: 250,
  maxReconnectionDelay: 1000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 100,
};

export const IDENTITY = { name: "e2e-client", version: "1.0.0" };
const transportOptions = ({ app, fetch }: ConnectOptions) => ({
  ...(app === undefined ? { requestInit: { headers: AUTHORIZATION } } : { authProvider: app }),
  ...(fetch !== undefined && { fetch }),
  reconnectionOptions: RECONNECTION,
});

/** The subscription of a session outlives its streams, and the SDK opens another by itself. */
const NEVER = new Promise<never>(() => undefined);

/** The v1 SDK, with a new session or with one that is already there. */
export async function connectV1(
  mcpUrl: URL,
  options: ConnectOptions & { readonly sessionId?: string | undefined } = {},
): Promise<SessionClient> {
  const { sessionId } = options;
  const client = new LegacyClient(IDENTITY);
  const transport = new LegacyTransport(mcpUrl, {
    ...transportOptions(options),
    ...(sessionId !== undefined && { sessionId }),
  });
  const updated: string[] = [];
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  // The SDK's own transport does not satisfy its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    protocolVersion: transport.protocolVersion,
    sessionId: transport.sessionId,
    updated,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args, onprogress) =>
      readToolResult(
        await client.callTool({ name, arguments: args }, undefined, { ...(onprogress && { onprogress }) }),
      ),
    async subscribe(uri) {
      await client.subscribeResource({ uri });
      return { ended: NEVER };
    },
    endSession: () => transport.terminateSession(),
    close: () => client.close(),
  };
}

/** The v2 SDK: negotiating the newest generation, or as it comes, which is the 2025 one. */
export async function connectV2(
  mcpUrl: URL,
  versionNegotiation: NonNullable<ClientOptions["versionNegotiation"]>,
  options: ConnectOptions = {},
): Promise<SubscribingClient> {
  const client = new ModernClient(IDENTITY, { versionNegotiation });
  const updated: string[] = [];
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
    updated.push(params.uri);
  });
  await client.connect(new ModernTransport(mcpUrl, transportOptions(options)));
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    updated,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args, onprogress) =>
      readToolResult(await client.callTool({ name, arguments: args }, { ...(onprogress && { onprogress }) })),
    async subscribe(uri) {
      if (client.getProtocolEra() === "modern")
        return { ended: (await client.listen({ resourceSubscriptions: [uri] })).closed };
      await client.subscribeResource({ uri });
      return { ended: NEVER };
    },
    close: () => client.close(),
  };
}

/** What the v1 SDK does when the browser is back: it exchanges the code. */
export const finishSignInV1 = (mcpUrl: URL, app: App, callback: URL): Promise<void> =>
  new LegacyTransport(mcpUrl, { authProvider: app }).finishAuth(app.codeIn(callback));

/** The same of the v2 SDK, which also checks who sent the browser back (RFC 9207). */
export async function finishSignInV2(mcpUrl: URL, app: App, callback: URL): Promise<void> {
  app.codeIn(callback);
  await new ModernTransport(mcpUrl, { authProvider: app }).finishAuth(callback.searchParams);
}
