import { afterEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { ACCESS_KEY, ORIGIN, UPSTREAM_TOKEN, type World } from "../world.ts";
import { callMcp } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const NO_SECRETS = { ACEDATACLOUD_API_TOKEN: undefined, MCP_ACCESS_KEY: undefined };
const MODES = {
  passthrough: { ...NO_SECRETS, AUTH_MODE: "passthrough" },
  acedata: { ...NO_SECRETS, ACEDATACLOUD_OAUTH_CLIENT_ID: "any" },
  personal: { MCP_ACCESS_KEY: ACCESS_KEY, ACEDATACLOUD_API_TOKEN: UPSTREAM_TOKEN },
} satisfies Record<string, Variables>;
const WHY = "AceDataCloud does not accept this key";

describe("the challenge to a key in the header that is not good", () => {
  let world: World;
  afterEach(() => world.end());
  const challengeTo = async (authorization: string) => {
    const response = await callMcp(world, "", "tools/list", {}, { authorization });
    expect([response.status, response.headers.get("cache-control")]).toEqual([401, "no-store"]);
    return { challenge: response.headers.get("www-authenticate"), body: await response.json() };
  };
  /** RFC 6750, section 3: the parameters in any order, none twice, and the description without quotes in it. */
  const challenge = (description: string) =>
    `Bearer realm="OAuth", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp", error="invalid_token"${description}, scope="veo"`;

  it.each(["passthrough", "acedata"] as const)(
    "says in %s mode that AceDataCloud refused it",
    async (mode) => {
      world = createSignInWorld({ variables: MODES[mode] });
      const key = `key-of-nobody-${crypto.randomUUID()}`;
      world.simulator.inject({
        kind: "status",
        status: 401,
        code: "invalid_token",
        match: "tasks",
        token: key,
      });
      // The second time from memory; and in whichever letters the scheme is written.
      for (const scheme of ["Bearer", "bearer"])
        expect(await challengeTo(`${scheme} ${key}`)).toEqual({
          challenge: challenge(`, error_description="${WHY}"`),
          body: { error: "invalid_token", error_description: WHY },
        });
      expect(world.simulator.requestsTo("tasks")).toHaveLength(1);
    },
  );

  it.each([
    ["passthrough", "too-short"],
    ["passthrough", "somebody:0123456789abcdef:0123456789abcdef0123456789abcdef"],
    ["acedata", `${"a".repeat(16)}!$%&`],
    ["personal", `key-of-nobody-${crypto.randomUUID()}`],
  ] as const)(
    "says in %s mode nothing of AceDataCloud about %s, of which it was not asked",
    async (mode, key) => {
      world = createSignInWorld({ variables: MODES[mode] });
      expect(await challengeTo(`Bearer ${key}`)).toEqual({
        challenge: challenge(""),
        body: { error: "invalid_token", error_description: "Invalid access token" },
      });
      expect(world.simulator.requests).toEqual([]);
    },
  );
});
