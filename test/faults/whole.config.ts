import { defineConfig } from "vitest/config";
import { faultsProject } from "./project.ts";

const seed = Date.now() % 1_000_000;

/** The whole of these tests, which takes too long for `npm test`: `npm run test:faults`. */
export default defineConfig({
  test: {
    maxWorkers: "100%",
    // Each project has a runtime of its own, which uses one core.
    projects: ["team", "personal", "passthrough"].map((files) => faultsProject(true, seed, files)),
  },
});
