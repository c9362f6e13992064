import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const KILL_AFTER_MS = 5_000;

/** No question, no report to anybody, and no request to the network but the server's own. */
const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  // Without a network, the place where `request.cf` is copied from would be reported as an error.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

export interface WranglerDev {
  /** Settles when wrangler has ended, whatever the reason, with words for it. */
  readonly ended: Promise<string>;
  /** Asks it to end, and makes it end when it does not. */
  stop(): Promise<void>;
}

/** Runs `wrangler dev` on this machine alone, and hands over what it says, line by line. */
export function runWranglerDev(options: {
  root: string;
  port: number;
  envFiles: readonly string[];
  storage: string;
  onLine: (line: string) => void;
}): WranglerDev {
  const program = join(options.root, "node_modules/wrangler/bin/wrangler.js");
  const args = [
    "dev",
    "--local",
    "--ip",
    "127.0.0.1",
    "--port",
    String(options.port),
    "--inspector-port",
    "0",
  ];
  const child = spawn(
    process.execPath,
    [
      program,
      ...args,
      "--persist-to",
      options.storage,
      ...options.envFiles.flatMap((file) => ["--env-file", file]),
    ],
    {
      cwd: options.root,
      env: { ...process.env, ...QUIET },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C reaches only us, who stop it in order, and the group can be killed as a whole.
      detached: process.platform !== "win32",
    },
  );
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", options.onLine);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("close", (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    );
  });
  const killAll = () => {
    if (child.pid === undefined) return;
    try {
      if (process.platform === "win32") child.kill("SIGKILL");
      else process.kill(-child.pid, "SIGKILL");
    } catch {
      // Nobody is left in the group.
    }
  };
  return {
    ended,
    async stop() {
      child.kill("SIGINT");
      const deadline = setTimeout(killAll, KILL_AFTER_MS);
      await ended;
      clearTimeout(deadline);
      killAll();
    },
  };
}
