import { createWorld, type World, type WorldOptions } from "../world.ts";

export interface SignInWorldOptions extends WorldOptions {
  /** In place of the Worker's own bindings. */
  bindings?: Readonly<Record<string, unknown>>;
}

/** A world in which nothing is limited by address: the real binding counts in real time, over all tests of a run. */
export function createSignInWorld({ bindings, ...options }: SignInWorldOptions = {}): World {
  const variables = { AUTH_RATE_LIMIT: undefined, ...bindings, ...options.variables };
  return createWorld({ ...options, variables });
}
