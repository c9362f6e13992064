import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSignInWorld } from "../auth/sign-in-world.ts";
import { ACCESS_KEY, ORIGIN, UPSTREAM_TOKEN, type World } from "../world.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE"];
const READ = { GET: 200, HEAD: 200, OPTIONS: 204 };
const NONE = {};
const NOT_FOUND = '{"error":"not_found"}';

/** What each path answers to an empty request; a method that is not named is refused with `otherwise`. */
const PATHS: readonly [path: string, answers: Readonly<Record<string, number>>, otherwise: 404 | 405][] = [
  ["/", { GET: 200, HEAD: 200 }, 404],
  ["/health", { GET: 200, HEAD: 200 }, 404],
  ["/mcp", { GET: 401, POST: 401, DELETE: 401, OPTIONS: 204 }, 405],
  ["/.well-known/oauth-protected-resource/mcp", READ, 405],
  ["/.well-known/oauth-authorization-server", READ, 405],
  ["/authorize", { GET: 400, HEAD: 400, POST: 400 }, 404],
  ["/oauth/token", { POST: 400, OPTIONS: 204 }, 405],
  ["/oauth/register", { POST: 400, OPTIONS: 204 }, 405],
  // There is no identity provider to come back from.
  ["/oauth/callback", NONE, 404],
  // What clients look for, in case it is there.
  ["/.well-known/oauth-protected-resource", NONE, 404],
  ["/.well-known/oauth-protected-resource/other", NONE, 404],
  ["/.well-known/oauth-authorization-server/mcp", NONE, 404],
  ["/.well-known/openid-configuration", NONE, 404],
  ["/.well-known/mcp.json", NONE, 404],
  // What people who look for holes try.
  ["/mcp/", NONE, 404],
  ["/mcp/../authorize/", NONE, 404],
  ["//authorize", NONE, 404],
  ["/%61uthorize", NONE, 404],
  ["/oauth/token/", NONE, 404],
  ["/OAUTH/TOKEN", NONE, 404],
  ["/oauth", NONE, 404],
  ["/.env", NONE, 404],
  ["/%00", NONE, 404],
];

describe("every method on every path", () => {
  let world: World;
  beforeEach(() => {
    world = createSignInWorld();
  });
  afterEach(() => world.end());

  it.each(PATHS)(
    "%s answers as it should, with or without a key, and tells no secret",
    async (path, answers, otherwise) => {
      for (const method of METHODS) {
        for (const authorization of [undefined, `Bearer ${ACCESS_KEY}`]) {
          const headers = new Headers(authorization === undefined ? {} : { authorization });
          const response = await world.fetch(new URL(`${ORIGIN}${path}`), { method, headers });
          const body = await response.text();
          const what = `${method} ${path} ${authorization === undefined ? "without" : "with"} the key`;
          if (path !== "/mcp" || authorization === undefined)
            expect(response.status, what).toBe(answers[method] ?? otherwise);
          // With the key, what follows is the protocol's, which has its own tests.
          else expect(response.status, what).toBeLessThan(500);
          if (response.status === 404) expect(method === "HEAD" ? NOT_FOUND : body, what).toBe(NOT_FOUND);
          if (response.status === 405 && path !== "/mcp")
            expect(response.headers.get("allow"), what).toContain("OPTIONS");
          for (const secret of [ACCESS_KEY, UPSTREAM_TOKEN]) {
            expect(body, what).not.toContain(secret);
            expect(JSON.stringify([...response.headers]), what).not.toContain(secret);
          }
        }
      }
    },
  );
});
