import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { unstable_readConfig } from "wrangler";
import { VARIABLES, type Variables } from "../../src/config/variables.ts";
import { MOST_EDITS, misspelt } from "../dev-vars/words.ts";
import { rateLimitOf } from "../rate-limit-binding.ts";

/** What is going to be deployed, as far as it can be known here: secrets that were set at Cloudflare cannot. */
export interface PlannedDeployment {
  /** Where the variables come from. */
  source: ".dev.vars" | "this shell" | "this shell, as there is no .dev.vars";
  variables: Variables;
  /** Names that were not read, though they seem to be meant for us. */
  misspelt: string[];
  hasRateLimit: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables of a deployment from `.dev.vars` or the shell, over those in `wrangler.toml`. The two are never
 * mixed: a variable left over in the shell must not make a broken file look right.
 */
export function readDeployment(
  root: string,
  environment: Environment,
  fromShell: boolean,
): PlannedDeployment {
  const devVars = join(root, ".dev.vars");
  const source = fromShell
    ? "this shell"
    : existsSync(devVars)
      ? ".dev.vars"
      : "this shell, as there is no .dev.vars";
  const isFile = source === ".dev.vars";
  const given: Environment = isFile ? parseEnv(readFileSync(devVars, "utf8")) : environment;
  const config = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const variables = { ...config.vars, ...onlyOurs(given) };
  return {
    source,
    variables,
    misspelt: misspelt(Object.keys(given), isFile ? MOST_EDITS.file : MOST_EDITS.shell),
    hasRateLimit: rateLimitOf(config) !== undefined,
  };
}

const onlyOurs = (given: Environment): Variables =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => name in VARIABLES && value !== undefined),
  );
