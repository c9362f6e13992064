import { defineConfig } from "vitest/config";
import { faultsProject } from "./project.ts";

/** The whole of these tests, which takes too long for `npm test`: `npm run test:faults`. */
export default defineConfig({
  test: { projects: [faultsProject(true, Date.now() % 1_000_000)] },
});
