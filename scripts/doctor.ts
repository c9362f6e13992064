import { join } from "node:path";
import { parseArgs } from "node:util";
import { readDeployment } from "./doctor/deployment.ts";
import { diagnose, isFit, report } from "./doctor/diagnosis.ts";

/** `npm run doctor`: what the server would say of its configuration, before a deploy. */

const USAGE = `npm run doctor [-- --shell]

  Checks .dev.vars, or without that file the variables of this shell, together with [vars] in wrangler.toml.
  --shell   checks the variables of this shell, also where there is a .dev.vars`;

function main(): number {
  const { values } = parseArgs({
    options: { shell: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const root = join(import.meta.dirname, "..");
  const deployment = readDeployment(root, process.env, values.shell ?? false);
  const diagnosis = diagnose(deployment);
  console.log(report(deployment, diagnosis));
  return isFit(deployment, diagnosis) ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 1;
}
