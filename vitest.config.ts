import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Values that tests search for: nothing that leaves the server may contain them. */
const SECRETS = {
  ACEDATACLOUD_API_TOKEN: "upstream-token-of-the-tests-0123456789",
  MCP_ACCESS_KEY: "access-key-of-the-tests-0123456789",
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ...SECRETS,
                ACEDATACLOUD_API_BASE_URL: "https://upstream.test",
                LOG_LEVEL: "error",
              },
              // The tests put the simulator in place of `fetch`; whatever gets past it is a mistake.
              outboundService: (request) =>
                new Response(`unexpected request to ${request.url}`, { status: 599 }),
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.node.test.ts", "test/e2e/**"],
          // Not a measure of anything: time in these tests is simulated, and a busy machine is slow.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/**/*.node.test.ts", "test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
