import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { stepsInAwaits } from "./steps-plugin.ts";

/** What the tests of this folder are told by whoever runs them. */
export interface Plan {
  /** Whether objects die at every step, or at a few of them. */
  isWhole: boolean;
  /** Decides everything that is left to chance. */
  seed: number;
}

declare module "vitest" {
  interface ProvidedContext {
    plan: Plan;
  }
}

/**
 * The project of these tests: the source has its steps marked. Each run deploys it with variables of its own (`world.ts`).
 * @param defaultSeed where `FAULTS_SEED` is not set.
 * @param files which of the tests, each name without its ending; all, when left out.
 */
export const faultsProject = (isWhole: boolean, defaultSeed: number, files = "*") => ({
  plugins: [
    stepsInAwaits(),
    cloudflareTest({
      main: "test/faults/worker.ts",
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        outboundService: (request) => new Response(`unexpected request to ${request.url}`, { status: 599 }),
      },
    }),
  ],
  test: {
    name: files === "*" ? "workerd-faults" : `workerd-faults-${files}`,
    include: [`test/faults/${files}.test.ts`],
    testTimeout: isWhole ? 3_600_000 : 120_000,
    provide: { plan: { isWhole, seed: Number(process.env.FAULTS_SEED ?? defaultSeed) } },
  },
});
