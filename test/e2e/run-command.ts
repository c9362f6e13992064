import { execFile } from "node:child_process";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  /** Both streams, for a message when something went wrong. */
  readonly output: string;
}

/** Generous: the longest command waits for a video. */
const TIMEOUT_MS = 90_000;

export interface CommandOptions {
  /** Where it is at home. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Hears what it prints, while it runs. */
  onOutput?(text: string): void;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Runs a script of an installed package on this Node, at home in a directory of its own, and waits for its end. */
export function runCommand(
  script: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const { directory, env, onOutput, signal } = options;
    const child = execFile(
      process.execPath,
      [script, ...args],
      {
        cwd: directory,
        env: { PATH: process.env.PATH, HOME: directory, NO_COLOR: "1", CI: "1", ...env },
        timeout: TIMEOUT_MS,
        maxBuffer: 16 * 1024 * 1024,
        ...(signal !== undefined && { signal }),
      },
      (error, stdout, stderr) => {
        const { exitCode } = child;
        // Without an exit code it never ran, or was killed for taking too long.
        if (exitCode === null) reject(error ?? new Error(`${script} ended by a signal`));
        else resolve({ code: exitCode, stdout, output: stdout + stderr });
      },
    );
    child.stdin?.end();
    if (onOutput !== undefined) child.stdout?.on("data", onOutput);
  });
}
