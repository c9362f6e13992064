import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { IDENTITY, type RealClient } from "./sdk-clients.ts";
import { readToolResult } from "./tool-result.ts";

const MCP_REMOTE = join(import.meta.dirname, "../../node_modules/mcp-remote/dist/proxy.js");

export interface McpRemoteOptions {
  readonly mcpUrl: URL;
  /** Its home: what it has learned about signing in stays there. */
  readonly directory: string;
  /** Of the command; the README has none. */
  readonly flags?: readonly string[];
  /** Takes each address that it wants to be visited. Its local server waits for the browser to come back. */
  visit(authorizationUrl: URL): Promise<void>;
}

/** A client that knows only programs, with `mcp-remote` between it and the server, on a machine without a display. */
export async function connectMcpRemote(options: McpRemoteOptions): Promise<RealClient> {
  const { mcpUrl, directory, flags = [], visit } = options;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MCP_REMOTE, mcpUrl.href, ...flags],
    cwd: directory,
    // Nothing on this PATH, nor this BROWSER, opens a window: it prints the address in any case.
    env: { PATH: directory, HOME: directory, BROWSER: "/bin/true" },
    stderr: "pipe",
  });
  const client = new Client(IDENTITY);
  let output = "";
  let visits = 0;
  const failedVisit = new Promise<never>((_resolve, reject) => {
    transport.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const asked = [...output.matchAll(/Please authorize this client by visiting:\s+(http\S+)\s/g)];
      for (const [, address = ""] of asked.slice(visits)) visit(new URL(address)).catch(reject);
      visits = asked.length;
    });
  });
  // An answer may be waiting for somebody to sign in: a visit that fails ends the wait.
  const unlessVisitFails = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, failedVisit]);
  try {
    await unlessVisitFails(client.connect(transport));
  } catch (error) {
    await client.close();
    throw new Error(`mcp-remote printed:\n${output}`, { cause: error });
  }
  return {
    protocolVersion: undefined,
    async listTools() {
      const { tools } = await unlessVisitFails(client.listTools());
      return tools.map(({ name }) => name);
    },
    callTool: async (name, args) =>
      readToolResult(await unlessVisitFails(client.callTool({ name, arguments: args }))),
    close: () => client.close(),
  };
}
