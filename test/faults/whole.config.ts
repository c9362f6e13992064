import { defineConfig } from "vitest/config";
import { faultsProject } from "./project.ts";

const seed = Date.now() % 1_000_000;

/** The whole of these tests, which takes too long for `npm test`: `npm run test:faults`. */
export default defineConfig({
  // Each project has a runtime of its own, and a runtime uses one core.
  test: { projects: ["personal", "team", "passthrough"].map((files) => faultsProject(true, seed, files)) },
});
