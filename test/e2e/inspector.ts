import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runCommand } from "./run-command.ts";
import type { RealClient } from "./sdk-clients.ts";
import { AUTHORIZATION } from "./server.ts";
import { readToolResult } from "./tool-result.ts";

const INSPECTOR = join(
  import.meta.dirname,
  "../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
);
const toolsSchema = z.object({
  result: z.looseObject({ tools: z.array(z.looseObject({ name: z.string() })) }),
});
const callSchema = z.object({ result: z.unknown() });

/**
 * The MCP Inspector's command line: a process, and so a connection, for each call.
 * @param authorization the header that it sends: the access key's, when left out.
 */
export async function connectInspector(
  mcpUrl: URL,
  era: "legacy" | "modern",
  { authorization } = AUTHORIZATION,
): Promise<RealClient> {
  const directory = await mkdtemp(join(tmpdir(), "veo-inspector-"));
  const run = async (...args: string[]): Promise<unknown> => {
    const server = [mcpUrl.href, "--transport", "http", "--protocol-era", era, "--stored-auth-only"];
    const header = ["--header", `Authorization: ${authorization}`];
    const result = await runCommand(INSPECTOR, ["--cli", ...server, ...header, "--format", "json", ...args], {
      directory,
      env: { MCP_INSPECTOR_SECRET_STORE: "memory" },
    });
    // A tool that fails is printed like any other, and makes the exit code another too.
    if (result.code !== 0 && result.stdout === "")
      throw new Error(`The Inspector ended with ${result.code}:\n${result.output}`);
    return JSON.parse(result.stdout);
  };
  return {
    protocolVersion: undefined,
    async listTools() {
      const { result } = toolsSchema.parse(await run("--method", "tools/list"));
      return result.tools.map(({ name }) => name);
    },
    async callTool(name, args) {
      const json = JSON.stringify(args);
      const call = ["--method", "tools/call", "--tool-name", name, "--tool-args-json", json];
      return readToolResult(callSchema.parse(await run(...call)).result);
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
