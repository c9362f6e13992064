import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { faultsProject } from "./test/faults/project.ts";

const UPSTREAM = { ACEDATACLOUD_API_BASE_URL: "https://upstream.test", LOG_LEVEL: "error" };
/** Values that tests search for: nothing that leaves the server may contain them. */
const SECRETS = {
  ACEDATACLOUD_API_TOKEN: "upstream-token-of-the-tests-0123456789",
  MCP_ACCESS_KEY: "access-key-of-the-tests-0123456789",
};
const SECRET_KEY = "secret-key-of-the-tests-0123456789-0123456789";
/** Where everybody pays for themselves, an object has no token of the deployment's. */
const PAYERS = "test/payers";
/** Where objects die at every step, the source has its steps marked. */
const FAULTS = "test/faults";

/** Tests in workerd, whose objects have these variables. A test can change them (`world.ts`). */
const workerd = (
  name: string,
  bindings: Record<string, string>,
  include: string,
  exclude: string[] = [],
) => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: { ...UPSTREAM, ...bindings },
        // The tests put the simulator in place of `fetch`; whatever gets past it is a mistake.
        outboundService: (request) => new Response(`unexpected request to ${request.url}`, { status: 599 }),
      },
    }),
  ],
  test: {
    name,
    // To start workerd and load everything in it takes longer than most files: they share one, one after another.
    isolate: false,
    setupFiles: ["./test/leaks.ts"],
    include: [include],
    exclude: ["test/**/*.node.test.ts", "test/e2e/**", "test/browser/**", ...exclude],
    // Not a measure of anything: time in these tests is simulated, and a busy machine is slow.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

export default defineConfig({
  test: {
    // One worker for each core; Vitest would keep a core for itself, though it has little to do.
    maxWorkers: "100%",
    projects: [
      workerd("workerd", SECRETS, "test/**/*.test.ts", [`${PAYERS}/**`, `${FAULTS}/**`]),
      workerd(
        "workerd-payers",
        { AUTH_MODE: "passthrough", SECRET_KEY },
        `${PAYERS}/with-secret-key/**/*.test.ts`,
      ),
      workerd(
        "workerd-payers-without-secret-key",
        { AUTH_MODE: "passthrough" },
        `${PAYERS}/without-secret-key/**/*.test.ts`,
      ),
      faultsProject(false, 1),
      {
        test: {
          name: "node",
          include: ["test/**/*.node.test.ts", "test/e2e/**/*.test.ts", "test/browser/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
