import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readSettings } from "../../src/agent/settings.ts";
import { AUTH_MODES, type AuthMode, authModeOf } from "../../src/config/access.ts";

/** How clients come in: with the access key in a header, or by signing in. */
export type Entry = { mode: "personal"; accessKey: string } | { mode: Exclude<AuthMode, "personal"> };

/** What the server is started with on this machine. */
export interface LocalVariables {
  /** Whether the real API is called. */
  isReal: boolean;
  /** The real API's address, or the simulator's. */
  upstreamUrl: string;
  entry: Entry;
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
  const named = AUTH_MODES.find((name) => name === given.AUTH_MODE);
  const mode = authModeOf(named, (name) => Boolean(given[name]));
  const paysForThemselves = mode === "passthrough" || mode === "acedata";
  // Where everybody brings a key there is no token to tell by: the real API is named.
  const isReal = Boolean(paysForThemselves ? given.ACEDATACLOUD_API_BASE_URL : given.ACEDATACLOUD_API_TOKEN);
  const entry: Entry =
    mode === "personal"
      ? { mode, accessKey: given.MCP_ACCESS_KEY || keptAccessKey(join(directory, "access-key")) }
      : { mode };
  const added = {
    ...(entry.mode === "personal" && { MCP_ACCESS_KEY: entry.accessKey }),
    ...(!isReal && { ACEDATACLOUD_API_BASE_URL: simulatorUrl }),
    // The simulator takes any token. Not a word that its answers have: the token is cut out of those.
    ...(!isReal && !paysForThemselves && { ACEDATACLOUD_API_TOKEN: "simulated-upstream-token" }),
  };
  const settings = readSettings({ ...given, ...added });
  if (!settings.ok)
    throw new Error(`.dev.vars is not right:\n${settings.problems.map((line) => `- ${line}`).join("\n")}`);
  const addedFile = join(directory, `start-${port}.env`);
  writePrivate(
    addedFile,
    Object.entries(added)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  return {
    isReal,
    upstreamUrl: settings.configuration.upstreamBaseUrl.replace(/\/$/, ""),
    entry,
    envFiles: [...(readIfThere(devVars) === undefined ? [] : [devVars]), addedFile],
    storage: join(directory, isReal ? "state" : "state-simulated"),
  };
}

/** A random key that stays the same from run to run, so that clients need to be told only once. */
function keptAccessKey(file: string): string {
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && /^[0-9a-f]{48}$/.test(kept)) return kept;
  const key = randomBytes(24).toString("hex");
  writePrivate(file, `${key}\n`);
  return key;
}

const writePrivate = (file: string, text: string) => writeFileSync(file, text, { mode: 0o600 });

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
