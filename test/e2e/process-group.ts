import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** How long a process may take to end by itself once it was asked to. */
const GRACE_MS = 5_000;

/** A command that runs until it is stopped, together with all that it starts. */
export interface ProcessGroup {
  readonly child: ChildProcess;
  /** All that it and its children have printed. */
  output(): string;
  /** Ends all of it: asks first, unless `SIGKILL` is given. Resolves when nothing of it is left. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** Starts a command without a terminal, as the leader of a process group of its own. */
export function startProcessGroup(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): ProcessGroup {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  // Its pipes close when the last process that holds them has ended, the children's children included.
  const closed = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
    });
  }
  const guard = child.pid === undefined ? undefined : startGuard(child.pid);
  return {
    child,
    output: () => output,
    async stop(signal = "SIGTERM") {
      const kill = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
      signalGroup(child, signal);
      await closed;
      clearTimeout(kill);
      guard?.kill("SIGKILL");
    },
  };
}

/**
 * A shell that ends the group when the process of the tests is gone, however it went: its end of the pipe is then
 * closed, even by a `SIGKILL` that leaves no time for a handler.
 */
function startGuard(group: number): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", `read -r _; kill -s KILL -- -${group}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  return guard;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}
