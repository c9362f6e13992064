import { readSettings } from "../../src/agent/settings.ts";
import type { AuthMode } from "../../src/config/access.ts";
import { weaknesses } from "../../src/config/weaknesses.ts";
import type { PlannedDeployment } from "./deployment.ts";

export type Diagnosis =
  | { ok: true; mode: AuthMode; weaknesses: string[] }
  | { ok: false; problems: string[] };

/** The same check that the server makes of every request, and what could be better. */
export function diagnose({ variables, hasRateLimit }: PlannedDeployment): Diagnosis {
  const settings = readSettings(variables);
  if (!settings.ok) return settings;
  const { configuration } = settings;
  return {
    ok: true,
    mode: configuration.access.mode,
    weaknesses: weaknesses(configuration, hasRateLimit),
  };
}

/** @returns the diagnosis in words; no value of a variable is in it. */
export function report({ source }: PlannedDeployment, diagnosis: Diagnosis): string {
  const from = `Read from ${source} and wrangler.toml. Secrets that only Cloudflare has are not seen here.`;
  if (!diagnosis.ok)
    return [from, "", "The server would answer 503:", ...listed(diagnosis.problems)].join("\n");
  const weak = diagnosis.weaknesses;
  return [
    from,
    "",
    `Mode ${diagnosis.mode}: the configuration is complete.`,
    ...(weak.length === 0
      ? ["Nothing could be stronger."]
      : ["", "Weaker than it could be:", ...listed(weak)]),
  ].join("\n");
}

const listed = (lines: string[]): string[] => lines.map((line) => `- ${line}`);
