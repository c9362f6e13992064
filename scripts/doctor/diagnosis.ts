import { readSettings } from "../../src/agent/settings.ts";
import type { AuthMode } from "../../src/config/access.ts";
import { weaknesses } from "../../src/config/weaknesses.ts";
import { completion } from "../dev-vars/completion.ts";
import { inDevVars } from "../dev-vars/words.ts";
import type { PlannedDeployment } from "./deployment.ts";

export type Diagnosis =
  | { ok: true; mode: AuthMode; weaknesses: string[] }
  | {
      ok: false;
      /** What nobody but the operator can put right. */
      problems: string[];
      /** What a deployment lacks, and `npm start` adds by itself. */
      missing: string[];
    };

/** Of the shape that is asked for: what `npm start` would put there. */
const STAND_INS = {
  accessKey: () => "0".repeat(48),
  secretKey: () => "0".repeat(48),
  simulatorUrl: "http://127.0.0.1",
};

/** The same check that the server makes of every request, and what could be better. */
export function diagnose({ variables, hasRateLimit }: PlannedDeployment): Diagnosis {
  const settings = readSettings(variables);
  if (settings.ok) {
    const { configuration } = settings;
    return {
      ok: true,
      mode: configuration.access.mode,
      weaknesses: weaknesses(configuration, hasRateLimit),
    };
  }
  const completed = readSettings({ ...variables, ...completion(variables, STAND_INS).added });
  const problems = completed.ok ? [] : completed.problems;
  const missing = settings.problems.filter((problem) => !problems.includes(problem));
  return { ok: false, problems, missing };
}

/** Whether nothing has to be mended. A file is also for this machine, where `npm start` adds what is missing. */
export const isFit = ({ source }: PlannedDeployment, diagnosis: Diagnosis): boolean =>
  diagnosis.ok || (source === ".dev.vars" && diagnosis.problems.length === 0);

/** @returns the diagnosis in words; no value of a variable is in it. */
export function report(deployment: PlannedDeployment, diagnosis: Diagnosis): string {
  const { source, misspelt } = deployment;
  return [
    `Read from ${source} and wrangler.toml. Secrets that only Cloudflare has are not seen here.`,
    ...(misspelt.length === 0 ? [] : ["", "Not read, because of their names:", ...listed(misspelt)]),
    "",
    ...(diagnosis.ok ? soundness(diagnosis) : faults(deployment, diagnosis)),
  ].join("\n");
}

const soundness = ({ mode, weaknesses: weak }: Diagnosis & { ok: true }): string[] => [
  `Mode ${mode}: the configuration is complete.`,
  ...(weak.length === 0 ? ["Nothing could be stronger."] : ["", "Weaker than it could be:", ...listed(weak)]),
];

function faults(deployment: PlannedDeployment, diagnosis: Diagnosis & { ok: false }): string[] {
  const { problems, missing } = diagnosis;
  if (deployment.source !== ".dev.vars")
    return ["The server would answer 503:", ...listed([...problems, ...missing])];
  const start = isFit(deployment, diagnosis)
    ? "`npm start` runs with this file, and adds what is missing."
    : "`npm start` cannot run with this file.";
  return [
    `${start} A deployed server would answer 503:`,
    ...listed([...problems, ...missing].map(inDevVars)),
    "",
    "After a deploy, `npx wrangler secret bulk .dev.vars` gives the server all that the file holds.",
  ];
}

const listed = (lines: string[]): string[] => lines.map((line) => `- ${line}`);
