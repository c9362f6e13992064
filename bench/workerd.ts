import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { unstable_readConfig } from "wrangler";
import { z } from "zod";
import { PERSONAL, type Variables } from "./deployments.ts";
import { type BuiltWorker, EMAIL_STUB, PROJECT } from "./worker-build.ts";

const WORKERD = join(PROJECT, "node_modules/workerd/bin/workerd");
const START_TIMEOUT_MS = 30_000;
/** A Veo Worker that is to run. */
export interface Deployment {
  readonly upstreamUrl: string;
  readonly variables: Variables;
}

/** What a Worker costs that does nothing: every figure is a multiple of it. */
const CONSTANT_WORKER =
  'export default { fetch: () => new Response("{}", { headers: { "content-type": "application/json" } }) };';

/** A running workerd. */
export interface Workerd extends AsyncDisposable {
  /** Where the Worker that returns `{}` answers. */
  readonly constantUrl: string;
  /** Where a Veo Worker answers `/mcp`, by the name it was given. */
  mcpUrl(name: string): string;
  /** The folder with the SQLite files of a Veo Worker's OAuth state. */
  oauthStorage(name: string): string;
  readonly processId: number;
  /** Where a debugger connects to a Veo Worker, when the process was started for that. */
  inspectorUrl(name: string): string;
}

/**
 * Runs bare workerd: the constant Worker, and a Veo Worker for each name, with an account and an upstream of its
 * own. All of them share one process and its one thread, so what slows one slows the others.
 */
export async function startWorkerd(
  built: BuiltWorker,
  folder: string,
  deployments: Readonly<Record<string, Deployment>>,
  isInspected: boolean,
): Promise<Workerd> {
  const names = Object.keys(deployments);
  await mkdir(`${folder}/storage`, { recursive: true });
  await copyFile(built.runnableModulePath, `${folder}/index.js`);
  await writeFile(`${folder}/constant.js`, CONSTANT_WORKER);
  await writeFile(`${folder}/${EMAIL_STUB}`, "export class EmailMessage {}");
  await writeFile(`${folder}/config.capnp`, configurationText(folder, deployments));

  const flags = ["--control-fd=3", ...(isInspected ? ["--inspector-addr=127.0.0.1:0"] : [])];
  const child = spawn(WORKERD, ["serve", ...flags, `${folder}/config.capnp`], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const stop = () => child.kill("SIGKILL");
  process.once("exit", stop);
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ports = await portsOf(child, ["constant", ...names, ...(isInspected ? [INSPECTOR] : [])]);
  const hostOf = (name: string) => {
    const port = ports.get(name);
    if (port === undefined) throw new Error(`nothing is called ${name}`);
    return `127.0.0.1:${port}`;
  };
  return {
    constantUrl: `http://${hostOf("constant")}`,
    mcpUrl: (name) => `http://${hostOf(name)}/mcp`,
    oauthStorage: (name) => `${folder}/storage/${name}-oauth`,
    processId: z.int().parse(child.pid),
    inspectorUrl: (name) => `ws://${hostOf(INSPECTOR)}/${name}`,
    async [Symbol.asyncDispose]() {
      stop();
      process.off("exit", stop);
      await closed;
    },
  };
}

/** What the inspector's port is called here: no Worker's name. */
const INSPECTOR = "(inspector)";
const listenSchema = z.union([
  z.object({ event: z.literal("listen"), socket: z.string(), port: z.number() }),
  z
    .object({ event: z.literal("listen-inspector"), port: z.number() })
    .transform(({ port }) => ({ socket: INSPECTOR, port })),
]);

/** workerd takes any free port (`:0`), and tells which on its control channel, a line of JSON for each. */
async function portsOf(child: ChildProcess, wanted: readonly string[]): Promise<Map<string, number>> {
  const control = child.stdio[3] as Readable;
  const ports = new Map<string, number>();
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (why: string) => reject(new Error(`workerd ${why}:\n${errors}`));
  const timer = setTimeout(() => giveUp(`did not listen within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
  child.once("error", (error) => giveUp(`did not start (${error.message})`));
  child.once("close", () => giveUp("ended"));
  let text = "";
  control.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const listening = listenSchema.safeParse(JSON.parse(line));
      if (listening.success) ports.set(listening.data.socket, listening.data.port);
    }
    if (wanted.every((name) => ports.has(name))) resolve();
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
  return ports;
}

function configurationText(folder: string, deployments: Readonly<Record<string, Deployment>>): string {
  const { compatibility_date, compatibility_flags } = unstable_readConfig({
    config: `${PROJECT}/wrangler.toml`,
  });
  const settings = `compatibilityDate = ${quoted(compatibility_date ?? "")},
      compatibilityFlags = [${compatibility_flags.map(quoted).join(", ")}]`;
  const veoServices = Object.entries(deployments).map(
    ([name, deployment]) => `
    (name = ${quoted(name)}, worker = (
      modules = [
        (name = "index.js", esModule = embed "index.js"),
        (name = "${EMAIL_STUB}", esModule = embed "${EMAIL_STUB}")],
      ${settings},
      bindings = [
        ${variablesText(deployment)},
        (name = "VEO_AGENT", durableObjectNamespace = "VeoAgent"),
        (name = "OAUTH_STORE", durableObjectNamespace = "OAuthStore"),
        (name = "SIGN_IN_GUARD", durableObjectNamespace = "SignInGuard")],
      durableObjectNamespaces = [
        (className = "VeoAgent", uniqueKey = ${quoted(name)}, enableSql = true),
        (className = "OAuthStore", uniqueKey = ${quoted(`${name}-oauth`)}, enableSql = true),
        (className = "SignInGuard", uniqueKey = ${quoted(`${name}-guard`)}, enableSql = true)],
      durableObjectStorage = (localDisk = "storage")))`,
  );
  const sockets = ["constant", ...Object.keys(deployments)].map(
    (name) => `(name = ${quoted(name)}, address = "127.0.0.1:0", http = (), service = ${quoted(name)})`,
  );
  // The simulated upstream is on this machine, so its network is all that the Workers may reach.
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "internet", network = (allow = ["local"])),
    (name = "storage", disk = (path = ${quoted(`${folder}/storage`)}, writable = true)),
    (name = "constant", worker = (modules = [(name = "constant.js", esModule = embed "constant.js")], ${settings})),
    ${veoServices.join(",")}],
  sockets = [${sockets.join(", ")}]);
`;
}

const variablesText = ({ upstreamUrl, variables }: Deployment): string =>
  Object.entries({ ...PERSONAL, ...variables, ACEDATACLOUD_API_BASE_URL: upstreamUrl })
    .map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`)
    .join(", ");

/** A Cap'n Proto text literal, whose escapes are those of JSON for what is written here. */
const quoted = (text: string): string => JSON.stringify(text);
