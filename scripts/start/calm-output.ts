import { CALLBACK_PATH } from "../../src/veo/callback-path.ts";

const REQUEST = /^\[wrangler:info\] ([A-Z]+) (\S+) (\d{3}) .*\((\d+ms)\)$/;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/**
 * Shows what matters of wrangler's output: of the start only warnings and errors, later a short line for each
 * request, and everything else as it comes.
 */
export function createCalmOutput(print: (line: string) => void, verbose: boolean) {
  let held: string[] | undefined = [];
  return {
    add(raw: string): void {
      const line = verbose ? raw : calm(raw);
      if (line === undefined) return;
      if (held === undefined || verbose) print(line);
      else held.push(line);
    },
    /** The server is there: what it said of its start matters only where something was odd. */
    ready(): void {
      for (const line of held ?? []) if (/\b(warn|warning|error)\b/i.test(line)) print(line);
      held = undefined;
    },
    /** The server is not there: all that it said may tell why. */
    failed(): void {
      for (const line of held ?? []) print(line);
      held = undefined;
    },
  };
}

/** @returns the line as it is shown, or undefined for one that tells nothing. */
function calm(raw: string): string | undefined {
  const line = raw.replace(COLOURS, "").trimEnd();
  const [isRequest, method, path, status, duration] = REQUEST.exec(line) ?? [];
  if (line === "" || path === "/health") return undefined;
  // The address is a key to ring with.
  const shown = path?.startsWith(CALLBACK_PATH) ? `${CALLBACK_PATH}…` : path;
  return isRequest === undefined ? line : `  ${method} ${shown} ${status} ${duration}`;
}
