import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readSettings } from "../../src/agent/settings.ts";
import type { AuthMode } from "../../src/config/access.ts";
import { completion } from "../dev-vars/completion.ts";
import { inDevVars, MOST_EDITS, misspelt } from "../dev-vars/words.ts";

/** How clients come in: with the access key in a header, or by signing in. */
export type Entry = { mode: "personal"; accessKey: string } | { mode: Exclude<AuthMode, "personal"> };

/** What the server is started with on this machine. */
export interface LocalVariables {
  /** Whether the real API is called. */
  isReal: boolean;
  /** The real API's address, or the simulator's. */
  upstreamUrl: string;
  entry: Entry;
  /** Names in the file that are not read, though they seem to be meant for us. */
  misspelt: string[];
  /** Files for wrangler, the later ones stronger. */
  envFiles: string[];
  /** Where the objects' storage is kept: simulated tasks must not end up beside paid ones. */
  storage: string;
}

/**
 * Puts together `.dev.vars`, where the owner keeps a real token, and what is missing there. Both files are ignored
 * by git, and what is written is for the owner's eyes only. Throws an error that is fit to print.
 */
export function readLocalVariables(root: string, port: number, simulatorUrl: string): LocalVariables {
  const devVars = join(root, ".dev.vars");
  const directory = join(root, ".wrangler");
  mkdirSync(directory, { recursive: true });
  const given = parseEnv(readIfThere(devVars) ?? "");
  const { isReal, added } = completion(given, {
    accessKey: () => keptKey(join(directory, "access-key")),
    secretKey: () => keptKey(join(directory, "secret-key")),
    simulatorUrl,
  });
  const hints = misspelt(Object.keys(given), MOST_EDITS.file);
  const settings = readSettings({ ...given, ...added });
  if (!settings.ok) throw new Error(notRight([...settings.problems.map(inDevVars), ...hints]));
  const addedFile = join(directory, `start-${port}.env`);
  writePrivate(
    addedFile,
    Object.entries(added)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  const { access, upstreamBaseUrl } = settings.configuration;
  return {
    isReal,
    upstreamUrl: upstreamBaseUrl.replace(/\/$/, ""),
    entry:
      access.mode === "personal" ? { mode: "personal", accessKey: access.accessKey } : { mode: access.mode },
    misspelt: hints,
    envFiles: [...(readIfThere(devVars) === undefined ? [] : [devVars]), addedFile],
    storage: join(directory, isReal ? "state" : "state-simulated"),
  };
}

/** A random key that stays the same from run to run, so that clients need to be told only once, and tasks go on. */
function keptKey(file: string): string {
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && /^[0-9a-f]{48}$/.test(kept)) return kept;
  const key = randomBytes(24).toString("hex");
  writePrivate(file, `${key}\n`);
  return key;
}

const notRight = (problems: string[]): string =>
  [".dev.vars is not right:", ...problems.map((line) => `- ${line}`)].join("\n");

const writePrivate = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 });

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
