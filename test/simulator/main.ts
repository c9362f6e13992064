import { parseArgs } from "node:util";
import { z } from "zod";
import { startSimulatorServer } from "./server.ts";

const USAGE =
  "node test/simulator/main.ts [--port 8788] [--generation-seconds 30] [--host 127.0.0.1] [--token T]";

const flagsSchema = z.object({
  port: z.coerce.number().int().min(0).max(65_535),
  "generation-seconds": z.coerce.number().nonnegative(),
  host: z.string(),
  token: z.string().exactOptional(),
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8788" },
      "generation-seconds": { type: "string", default: "30" },
      host: { type: "string", default: "127.0.0.1" },
      token: { type: "string" },
    },
  });
  const flags = flagsSchema.parse(values);
  const { url, close } = await startSimulatorServer({
    port: flags.port,
    host: flags.host,
    generationMs: flags["generation-seconds"] * 1000,
    ...(flags.token === undefined ? {} : { token: flags.token }),
  });
  console.log(`The simulated AceDataCloud listens on ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void close());
}

main().catch((error: unknown) => {
  const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
  console.error(`${reason}\nUsage: ${USAGE}`);
  process.exitCode = 1;
});
