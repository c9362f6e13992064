import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { z } from "zod";
import { ACCESS_KEY, ORIGIN, type World } from "./world.ts";

/** The clients' own timers must not go off: the tests let time pass in the object only (see `world.ts`). */
const PATIENT = { timeout: 3_600_000 };

/** What a tool answered, as much of it as tests look at. */
const toolResultSchema = z.looseObject({
  content: z.array(
    z.looseObject({ type: z.string(), text: z.string().optional(), uri: z.string().optional() }),
  ),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
  _meta: z.record(z.string(), z.unknown()).optional(),
});
export type ToolResult = z.infer<typeof toolResultSchema>;

/** How far a call is, as a client hears of it. */
export interface HeardProgress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Wants to hear how far the call is. */
  onprogress?: (heard: HeardProgress) => void;
  /** How long the client waits for an answer, in milliseconds; longer than any test, when left out. */
  timeout?: number;
  /** Begins anew to wait with each progress. */
  resetTimeoutOnProgress?: boolean;
}

/** A real SDK client, in the few methods that the shared suite needs. */
export interface TestClient {
  protocolVersion: string | undefined;
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolResult>;
  listTools(): Promise<{ tools: { name: string; description?: string | undefined }[] }>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(name: string, args?: Record<string, string>): Promise<{ messages: unknown[] }>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(uri: string): Promise<{ contents: unknown[] }>;
  complete(
    ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string },
    name: string,
    value: string,
  ): Promise<string[]>;
  serverVersion(): { name: string; title?: string | undefined; version: string; icons?: unknown } | undefined;
  serverCapabilities(): object | undefined;
  instructions(): string | undefined;
  close(): Promise<void>;
}

const MCP_URL = new URL("/mcp", ORIGIN);
const IDENTITY = { name: "test-client", version: "1.0.0" };
const requestInit = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } });

/** A client of the 2025 generation: `initialize`, a session, server-sent events. */
export async function connectLegacy(world: World, bearer = ACCESS_KEY): Promise<TestClient> {
  const client = new LegacyClient(IDENTITY, { jsonSchemaValidator: new CfWorkerJsonSchemaValidator() });
  const transport = new LegacyTransport(MCP_URL, {
    requestInit: requestInit(bearer),
    fetch: world.fetch,
    // A stream that ends would be opened again by a timer, which goes off in the object like all of them here, and
    // what a request does there cannot be waited for from outside.
    reconnectionOptions: {
      maxRetries: 0,
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 1000,
      reconnectionDelayGrowFactor: 1,
    },
  });
  // The SDK's own transport does not satisfy its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    protocolVersion: transport.protocolVersion,
    callTool: async (name, args, options) =>
      toolResultSchema.parse(
        await client.callTool({ name, arguments: args ?? {} }, undefined, { ...PATIENT, ...options }),
      ),
    listTools: () => client.listTools(),
    listPrompts: () => client.listPrompts(),
    getPrompt: (name, args) => client.getPrompt({ name, arguments: args ?? {} }),
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: (uri) => client.readResource({ uri }),
    complete: async (ref, name, value) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values,
    serverVersion: () => client.getServerVersion(),
    serverCapabilities: () => client.getServerCapabilities(),
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
}

/** A client of the 2026-07-28 generation: stateless, an envelope in every request. */
export async function connectModern(world: World, bearer = ACCESS_KEY): Promise<TestClient> {
  const client = new ModernClient(IDENTITY, { versionNegotiation: { mode: "auto" } });
  const transport = new ModernTransport(MCP_URL, { requestInit: requestInit(bearer), fetch: world.fetch });
  await client.connect(transport);
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    callTool: async (name, args, options) =>
      toolResultSchema.parse(
        await client.callTool({ name, arguments: args ?? {} }, { ...PATIENT, ...options }),
      ),
    listTools: () => client.listTools(),
    listPrompts: () => client.listPrompts(),
    getPrompt: (name, args) => client.getPrompt({ name, arguments: args ?? {} }),
    listResources: () => client.listResources(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: (uri) => client.readResource({ uri }),
    complete: async (ref, name, value) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values,
    serverVersion: () => client.getServerVersion(),
    serverCapabilities: () => client.getServerCapabilities(),
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
}

/** Both generations: every behaviour of the server is tested through each of them. */
export const LANES = [
  { lane: "2025-11-25", connect: connectLegacy },
  { lane: "2026-07-28", connect: connectModern },
] as const;
