import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type SimulatorServer, startSimulatorServer } from "../test/simulator/server.ts";
import { createCalmOutput } from "./start/calm-output.ts";
import { readLocalVariables } from "./start/local-variables.ts";
import { readOptions, USAGE } from "./start/options.ts";
import { assertFree } from "./start/ports.ts";
import { welcome } from "./start/welcome.ts";
import { runWranglerDev, type WranglerDev } from "./start/wrangler-dev.ts";

/** `npm start`: the server and, unless there is a real token, the simulated upstream, on this machine alone. */

const HEALTH_WITHIN_MS = 90_000;
const HEALTH_EVERY_MS = 250;
const HEALTH_TIMEOUT_MS = 10_000;
const PARENT_EVERY_MS = 1_000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const root = join(import.meta.dirname, "..");
  const { port, "simulator-port": simulatorPort } = options;
  if (port === simulatorPort) throw new Error("--port and --simulator-port must differ.");
  await assertFree(port, "--port");
  const variables = readLocalVariables(root, port, `http://127.0.0.1:${simulatorPort}`);
  if (!variables.isReal) await assertFree(simulatorPort, "--simulator-port");
  const stopped = untilStopped();
  for (const hint of variables.misspelt) console.log(`.dev.vars: ${hint}`);
  console.log("Starting…");
  const simulator = variables.isReal
    ? undefined
    : await startSimulatorServer({
        port: simulatorPort,
        generationMs: options["generation-seconds"] * 1000,
      });
  const output = createCalmOutput((line) => console.log(line), options.verbose);
  const wrangler = runWranglerDev({ root, port, ...variables, onLine: output.add });
  try {
    const url = `http://127.0.0.1:${port}`;
    const outcome = await Promise.race([
      health(url),
      wrangler.ended.then((why) => `wrangler dev ${why}`),
      stopped,
    ]);
    if (outcome === STOPPED) return 0;
    if (outcome !== HEALTHY) {
      output.failed();
      return failed(outcome);
    }
    output.ready();
    console.log(
      welcome({ ...variables, mcpUrl: `${url}/mcp`, generationSeconds: options["generation-seconds"] }),
    );
    const end = await Promise.race([wrangler.ended, stopped]);
    return end === STOPPED ? 0 : failed(`wrangler dev ${end}`);
  } finally {
    await stop(wrangler, simulator);
  }
}

const HEALTHY = Symbol("healthy");
const STOPPED = Symbol("stopped");

/** Waits until the server answers. What it says instead of being well is the reason of the failure. */
async function health(url: string): Promise<typeof HEALTHY | string> {
  const deadline = Date.now() + HEALTH_WITHIN_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).catch(
      () => undefined,
    );
    if (response?.ok) return HEALTHY;
    if (response !== undefined) return `The server answers ${response.status}: ${await response.text()}`;
    await delay(HEALTH_EVERY_MS);
  }
  return `The server did not answer within ${HEALTH_WITHIN_MS / 1000} seconds`;
}

/** Settles at Ctrl-C and the like. npm's own shell may be killed without telling us: then the parent changes. */
function untilStopped(): Promise<typeof STOPPED> {
  const { promise, resolve } = Promise.withResolvers<typeof STOPPED>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve(STOPPED));
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => process.ppid !== parent && resolve(STOPPED), PARENT_EVERY_MS).unref();
  return promise;
}

function failed(reason: string): number {
  console.error(`\nThe server stopped: ${reason.trim()}\n`);
  return 1;
}

async function stop(wrangler: WranglerDev, simulator: SimulatorServer | undefined): Promise<void> {
  await Promise.all([wrangler.stop(), simulator?.close()]);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
