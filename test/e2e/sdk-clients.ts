import {
  type ClientOptions,
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { App } from "./app.ts";
import { AUTHORIZATION } from "./server.ts";
import { type ToolResult, toolResultSchema } from "./tool-result.ts";

/** A client as someone else wrote it, in the few methods that these tests need. */
export interface RealClient {
  /** Undefined when the client keeps it to itself. */
  readonly protocolVersion: string | undefined;
  listTools(): Promise<string[]>;
  callTool(name: string, args: Record<string, unknown>): Promise<ToolResult>;
  close(): Promise<void>;
}

/** A client with a session that can be taken up again, and ended. */
export interface SessionClient extends RealClient {
  readonly sessionId: string | undefined;
  endSession(): Promise<void>;
}

export interface ConnectOptions {
  /** Signs in; without one, the access key is sent as a header. */
  readonly app?: App;
}

export const IDENTITY = { name: "e2e-client", version: "1.0.0" };
const credentials = ({ app }: ConnectOptions) =>
  app === undefined ? { requestInit: { headers: AUTHORIZATION } } : { authProvider: app };

/** The v1 SDK, with a new session or with one that is already there. */
export async function connectV1(
  mcpUrl: URL,
  options: ConnectOptions & { readonly sessionId?: string | undefined } = {},
): Promise<SessionClient> {
  const { sessionId } = options;
  const client = new LegacyClient(IDENTITY);
  const transport = new LegacyTransport(mcpUrl, {
    ...credentials(options),
    ...(sessionId !== undefined && { sessionId }),
  });
  // The SDK's own transport does not satisfy its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    protocolVersion: transport.protocolVersion,
    sessionId: transport.sessionId,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args) => toolResultSchema.parse(await client.callTool({ name, arguments: args })),
    endSession: () => transport.terminateSession(),
    close: () => client.close(),
  };
}

/** The v2 SDK: negotiating the newest generation, or as it comes, which is the 2025 one. */
export async function connectV2(
  mcpUrl: URL,
  versionNegotiation: NonNullable<ClientOptions["versionNegotiation"]>,
  options: ConnectOptions = {},
): Promise<RealClient> {
  const client = new ModernClient(IDENTITY, { versionNegotiation });
  await client.connect(new ModernTransport(mcpUrl, credentials(options)));
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args) => toolResultSchema.parse(await client.callTool({ name, arguments: args })),
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
