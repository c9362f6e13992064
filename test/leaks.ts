import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, vi } from "vitest";

/** What a test may change for everybody, and has to put back. */
const shared = () => ({
  fetch: globalThis.fetch,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  Date: globalThis.Date,
  hasFakeTimers: vi.isFakeTimers(),
  variables: Object.entries(env).filter(([, value]) => typeof value === "string"),
});
const before = shared();

// Test files share workers, as requests share an isolate in production. A file that leaves something behind fails
// itself, before it can help or hurt the next one; registered first, this runs after the file's own clean-up. Of
// storage nothing is left in any case.
afterAll(async () => {
  await reset();
  expect(shared()).toEqual(before);
});
