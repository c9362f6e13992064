import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startProcessGroup } from "./process-group.ts";

const ROOT = join(import.meta.dirname, "../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const START_TIMEOUT_MS = 45_000;

export interface WranglerDev {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  output(): string;
  /** Ends it: politely, or at once and without warning (`SIGKILL`). */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface WranglerDevOptions {
  readonly envFile: string;
  /** Where the objects' storage is. */
  readonly persistTo: string;
  /** A home of its own: no configuration, login, registry of workers or log file is shared with anything else. */
  readonly home: string;
  /** The Worker, when it is not the product's. */
  readonly entry?: string | undefined;
  /** Where it listens; any free port, when left out. */
  readonly port?: number | undefined;
}

/** Starts `wrangler dev`, as someone would who was told only of the documented variables. */
export async function startWranglerDev({
  envFile,
  persistTo,
  home,
  entry,
  port = 0,
}: WranglerDevOptions): Promise<WranglerDev> {
  const flags = [
    "--ip=127.0.0.1",
    `--port=${port}`,
    "--inspector-port=0",
    "--show-interactive-dev-session=false",
  ];
  const group = startProcessGroup(
    process.execPath,
    [
      WRANGLER,
      "dev",
      ...(entry === undefined ? [] : [entry]),
      ...flags,
      `--env-file=${envFile}`,
      `--persist-to=${persistTo}`,
    ],
    {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        XDG_CONFIG_HOME: home,
        CI: "1",
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_HIDE_BANNER: "true",
      },
    },
  );
  const url = await Promise.race([
    readyUrl(group.child, group.output),
    once(group.child, "exit").then(() => undefined),
    sleep(START_TIMEOUT_MS, undefined, { ref: false }),
  ]);
  if (url === undefined) {
    await group.stop();
    throw new Error(`wrangler dev did not start:\n${group.output()}`);
  }
  return { url, output: group.output, stop: group.stop };
}

/** @returns the address that it prints when it is ready. A port of the system's choice cannot be taken. */
function readyUrl(
  { stdout }: { stdout: NodeJS.ReadableStream | null },
  output: () => string,
): Promise<string> {
  return new Promise((resolve) => {
    stdout?.on("data", () => {
      const [, url] = /Ready on (http:\/\/[\d.:]+)/.exec(output()) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
}
