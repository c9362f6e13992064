import { spawn } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** The project's folder, where wrangler finds its configuration. */
export const PROJECT = join(import.meta.dirname, "..");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const BUILD_TIMEOUT_MS = 120_000;

/** The Worker as `wrangler deploy` would upload it. */
export interface BuiltWorker {
  /** The minified module, as it is uploaded. */
  readonly modulePath: string;
  /** The same for bare workerd: but for one import, the same text. */
  readonly runnableModulePath: string;
  /** What `wrangler check startup` reads. */
  readonly uploadPath: string;
  readonly metafilePath: string;
}

/**
 * Builds the Worker with the settings of its deployment, and uploads nothing.
 * @param entry a variant of the Worker, to be built in place of it.
 */
export async function buildWorker(folder: string, entry?: string): Promise<BuiltWorker> {
  const built: BuiltWorker = {
    modulePath: `${folder}/index.js`,
    runnableModulePath: `${folder}/runnable.js`,
    uploadPath: `${folder}/worker.bundle`,
    metafilePath: `${folder}/meta.json`,
  };
  const { uploadPath, metafilePath } = built;
  const places = ["--outdir", folder, "--outfile", uploadPath, "--metafile", metafilePath];
  const script = entry === undefined ? [] : [entry];
  const { status, output } = await runWrangler(["deploy", ...script, "--dry-run", ...places], folder);
  if (status !== 0) throw new Error(`wrangler could not build the Worker:\n${output}`);
  // It is called after its entry.
  if (entry !== undefined) await rename(`${folder}/${basename(entry, ".ts")}.js`, built.modulePath);
  await writeFile(built.runnableModulePath, withoutEmail(await readFile(built.modulePath, "utf8")));
  return built;
}

/** Builds a variant of the Worker, a file of `bench/worker/`, with nothing of it among the parts of the deployed one. */
export async function buildVariant(name: string, scratchFolder: string): Promise<BuiltWorker> {
  const folder = `${scratchFolder}/${name}`;
  await mkdir(folder);
  return buildWorker(folder, join(import.meta.dirname, `worker/${name}.ts`));
}

/** The name that the runnable module imports `EmailMessage` from, which bare workerd does not have. */
export const EMAIL_STUB = "email-stub.js";

/** `agents` imports `cloudflare:email`, whose inside only Cloudflare and miniflare have. Nothing of ours uses it. */
function withoutEmail(module: string): string {
  const parts = module.split('from"cloudflare:email"');
  if (parts.length > 2)
    throw new Error("cloudflare:email is imported more than once; look at worker-build.ts");
  return parts.join(`from"./${EMAIL_STUB}"`);
}

/** Runs a command of wrangler. @returns its status and all that it printed. */
export async function runWrangler(
  args: readonly string[],
  scratchFolder: string,
): Promise<{ status: number | null; output: string }> {
  // NO_COLOR and the log folder: the output goes into a report, and nothing is left on the machine.
  const env = {
    ...process.env,
    NO_COLOR: "1",
    FORCE_COLOR: "0",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_LOG_PATH: scratchFolder,
  };
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: PROJECT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BUILD_TIMEOUT_MS,
  });
  const stop = () => child.kill();
  process.once("exit", stop);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  process.off("exit", stop);
  return { status, output };
}
