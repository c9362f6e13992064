import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { unstable_readConfig } from "wrangler";
import { VARIABLES, type Variables } from "../../src/config/variables.ts";
import { rateLimitOf } from "../rate-limit-binding.ts";

/** What is going to be deployed, as far as it can be known here: secrets that were set at Cloudflare cannot. */
export interface PlannedDeployment {
  /** Where the variables come from, for the report. */
  source: string;
  variables: Variables;
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
  const isFile = !fromShell && existsSync(devVars);
  const given: Environment = isFile ? parseEnv(readFileSync(devVars, "utf8")) : environment;
  const config = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const variables = { ...config.vars, ...onlyOurs(given) };
  return {
    source: isFile ? ".dev.vars" : "this shell",
    variables,
    hasRateLimit: rateLimitOf(config) !== undefined,
  };
}

const onlyOurs = (given: Environment): Variables =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => name in VARIABLES && value !== undefined),
  );
