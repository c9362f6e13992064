import { listDurableObjectIds, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, vi } from "vitest";

/** What a test may change for everybody, and has to put back. */
const shared = () => ({
  fetch: globalThis.fetch,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  Date: globalThis.Date,
  hasFakeTimers: vi.isFakeTimers(),
  variables: Object.fromEntries(Object.entries(env).filter(([, value]) => typeof value === "string")),
});
const before = shared();

/** `reset` erases what is in memory; an object that was evicted, or idle for ten seconds, would keep its storage. */
async function wakeAll(namespace: DurableObjectNamespace): Promise<void> {
  const ids = await listDurableObjectIds(namespace);
  await Promise.all(ids.map((id) => runInDurableObject(namespace.get(id), () => undefined)));
}

// Test files share workers, as requests share an isolate in production. Registered first, this runs after a file's
// own clean-up: a file that left something behind fails itself, and neither helps nor hurts the next one.
afterAll(async () => {
  const left = shared();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  for (const name of Object.keys(left.variables)) Reflect.set(env, name, before.variables[name]);
  const { VEO_AGENT, OAUTH_STORE, SIGN_IN_GUARD, DEPLOYMENT_BUDGET } = env;
  await Promise.all([VEO_AGENT, OAUTH_STORE, SIGN_IN_GUARD, DEPLOYMENT_BUDGET].map(wakeAll));
  await reset();
  expect(left).toEqual(before);
});
