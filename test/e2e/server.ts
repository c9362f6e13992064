import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VariableName } from "../../src/config/variables.ts";
import { type SimulatorServer, startSimulatorServer } from "../simulator/server.ts";
import { startWranglerDev, type WranglerDevOptions } from "./wrangler-dev.ts";

/** Shorter than the server's first look at a task, so that one look is enough. */
const GENERATION_MS = 2_000;

export const ACCESS_KEY = "access-key-of-the-e2e-tests-0123456789";
export const AUTHORIZATION = { authorization: `Bearer ${ACCESS_KEY}` };

export type Deployment = Readonly<Partial<Record<VariableName, string>>>;
/** The two variables without which there is no server. */
export const SECRETS = {
  ACEDATACLOUD_API_TOKEN: "upstream-token-of-the-e2e-tests-0123456789",
  MCP_ACCESS_KEY: ACCESS_KEY,
} satisfies Deployment;

/** The Worker in `wrangler dev`, with a simulated upstream and a storage of its own. */
export interface Server {
  /** Where it listens, without a slash at the end; after a restart another one, unless a port was given. */
  readonly url: string;
  readonly mcpUrl: URL;
  readonly simulator: SimulatorServer["simulator"];
  /** What all of its lives have printed. */
  output(): string;
  /** Kills it without warning, and starts it again on the same storage. */
  restart(): Promise<void>;
  /** Stops it, and fails when it sent a request that the upstream does not know. */
  stop(): Promise<void>;
}

/** How it runs, beside its variables. */
export type ServerOptions = Pick<WranglerDevOptions, "entry" | "port">;

/** Starts the Worker with these variables, and an upstream for it. */
export async function startServer(
  deployment: Deployment,
  { entry, port }: ServerOptions = {},
): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "veo-e2e-"));
  const upstream = await startSimulatorServer({ port: 0, generationMs: GENERATION_MS });
  const cleanUp = async () => {
    await upstream.close();
    await rm(directory, { recursive: true, force: true });
  };
  const envFile = join(directory, "variables.env");
  const variables = Object.entries({ ...deployment, ACEDATACLOUD_API_BASE_URL: upstream.url });
  await writeFile(envFile, variables.map(([name, value]) => `${name}=${value}\n`).join(""));
  const start = () =>
    startWranglerDev({ envFile, persistTo: join(directory, "state"), home: directory, entry, port });
  let past = "";
  let wrangler = await start().catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
  return {
    get url() {
      return wrangler.url;
    },
    get mcpUrl() {
      return new URL("/mcp", wrangler.url);
    },
    simulator: upstream.simulator,
    output: () => past + wrangler.output(),
    async restart() {
      await wrangler.stop("SIGKILL");
      past += wrangler.output();
      wrangler = await start();
    },
    async stop() {
      await wrangler.stop();
      const { unexpected } = upstream.simulator;
      await cleanUp();
      if (unexpected.length > 0)
        throw new Error(`Unexpected upstream requests: ${JSON.stringify(unexpected)}`);
    },
  };
}
