import { parseArgs } from "node:util";
import { z } from "zod";

export const USAGE = `npm start -- [--port 8787] [--simulator-port 8788] [--generation-seconds 30] [--verbose]

  --port                where the server listens (or PORT in the environment)
  --simulator-port      where the simulated upstream listens (or SIMULATOR_PORT)
  --generation-seconds  how long a simulated video takes
  --verbose             show all that wrangler says`;

const port = z.coerce
  .number("must be a port number")
  .int("must be a port number")
  .min(1, "must be from 1 to 65535")
  .max(65_535, "must be from 1 to 65535");
const optionsSchema = z.object({
  port: port.prefault(8787),
  "simulator-port": port.prefault(8788),
  "generation-seconds": z.coerce
    .number("must be a number of seconds")
    .min(0, "must be 0 or more")
    .prefault(30),
  verbose: z.boolean().default(false),
  help: z.boolean().default(false),
});
export type StartOptions = z.output<typeof optionsSchema>;

/** Reads the flags of `npm start`, and for the ports the environment. Throws an error that is fit to print. */
export function readOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StartOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: "string" },
      "simulator-port": { type: "string" },
      "generation-seconds": { type: "string" },
      verbose: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  const parsed = optionsSchema.safeParse({
    ...values,
    port: values.port ?? (environment.PORT || undefined),
    "simulator-port": values["simulator-port"] ?? (environment.SIMULATOR_PORT || undefined),
  });
  if (parsed.success) return parsed.data;
  throw new Error(
    parsed.error.issues.map(({ path, message }) => `--${path.join(".")} ${message}`).join("\n"),
  );
}
