import { join } from "node:path";
import { readDeployment } from "./doctor/deployment.ts";
import { diagnose, report } from "./doctor/diagnosis.ts";

/** `npm run doctor`: what the server would say of its configuration, before a deploy. */

const USAGE = `npm run doctor [-- --shell]

  Checks .dev.vars, or without that file the variables of this shell, together with [vars] in wrangler.toml.
  --shell   checks the variables of this shell, also where there is a .dev.vars`;

if (process.argv.includes("--help")) console.log(USAGE);
else {
  const root = join(import.meta.dirname, "..");
  const deployment = readDeployment(root, process.env, process.argv.includes("--shell"));
  const diagnosis = diagnose(deployment);
  console.log(report(deployment, diagnosis));
  if (!diagnosis.ok) process.exitCode = 1;
}
