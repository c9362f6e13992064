import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { createBrowser, handleOn } from "./browser.ts";
import { approve, callMcp, type OAuthClient, readTokens, registerClient, signIn } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const NEW_KEY = "new-access-key-0123456789";
const NO_SECRETS = { ACEDATACLOUD_API_TOKEN: undefined, MCP_ACCESS_KEY: undefined };
const OWNER = { secret: ACCESS_KEY };
const SECRET_KEY = "secret-key-of-these-tests-0123456789-0123456789";

describe("a deploy that changes only variables, in an isolate that is running", () => {
  let world: World;
  let client: OAuthClient;
  beforeEach(async () => {
    world = createSignInWorld();
    client = await registerClient(world);
  });
  afterEach(() => world.end());

  const statusOf = async (response: Promise<Response>) => {
    const answered = await response;
    await answered.text();
    return answered.status;
  };

  it.each<[what: string, change: Variables]>([
    ["the access key", { MCP_ACCESS_KEY: NEW_KEY }],
    [
      "the mode, to a team's",
      { GITHUB_CLIENT_ID: "id", GITHUB_CLIENT_SECRET: "secret", ALLOWED_GITHUB_USERS: "owner" },
    ],
    ["the mode, to pass-through", { ...NO_SECRETS, AUTH_MODE: "passthrough" }],
    ["the mode, to AceDataCloud's", { ...NO_SECRETS, ACEDATACLOUD_OAUTH_CLIENT_ID: "id" }],
  ])(
    "ends every session when it changes %s: at the next call, the next refresh and the next code",
    async (_what, change) => {
      const browser = createBrowser(world);
      const tokens = await signIn(client, browser, OWNER);
      const { url, verifier } = await client.authorizeUrl();
      const code = (await approve(browser, url, OWNER)).searchParams.get("code") ?? "";
      expect(await statusOf(callMcp(world, tokens.access_token))).toBe(200);

      world.deploy(change);
      for (let time = 0; time < 2; time += 1) {
        const refused = await callMcp(world, tokens.access_token);
        expect(refused.status).toBe(401);
        expect(refused.headers.get("www-authenticate")).toBe(
          `Bearer realm="OAuth", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp", error="invalid_token", error_description="Access was withdrawn: sign in again", scope="veo"`,
        );
        expect(await refused.json()).toMatchObject({ error: "invalid_token" });
      }
      for (const answer of [await client.refresh(tokens.refresh_token), await client.redeem(code, verifier)])
        expect([answer.status, await answer.json()]).toEqual([
          400,
          { error: "invalid_grant", error_description: "Access was withdrawn: sign in again" },
        ]);
      // What was refused at a refresh is gone for good, also when the change is taken back.
      world.deploy({
        ...Object.fromEntries(Object.keys(change).map((name) => [name, undefined])),
        MCP_ACCESS_KEY: ACCESS_KEY,
        ACEDATACLOUD_API_TOKEN: "upstream-token",
      });
      expect(await statusOf(callMcp(world, tokens.access_token))).toBe(401);
      expect(await statusOf(client.refresh(tokens.refresh_token))).toBe(400);
      expect(await statusOf(callMcp(world, (await signIn(client, browser, OWNER)).access_token))).toBe(200);
    },
  );

  it("takes the new key, and no longer the old one, on a page that was open meanwhile", async () => {
    const browser = createBrowser(world);
    const handle = await handleOn(await browser.open((await client.authorizeUrl()).url));
    world.deploy({ MCP_ACCESS_KEY: NEW_KEY });
    const old = await browser.decide({ handle, decision: "approve", ...OWNER });
    expect(old.status).toBe(403);
    const next = await browser.decide({ handle: await handleOn(old), decision: "approve", secret: NEW_KEY });
    expect(next.status).toBe(302);
    expect(await statusOf(callMcp(world, ACCESS_KEY))).toBe(401);
    expect(await statusOf(callMcp(world, NEW_KEY))).toBe(200);
  });

  it("leaves sessions alone when it changes something else", async () => {
    const tokens = await signIn(client, createBrowser(world), OWNER);
    const others: Variables[] = [
      { SECRET_KEY },
      { PUBLIC_URL: ORIGIN },
      { ACEDATACLOUD_API_TOKEN: "another-upstream-token" },
      { VEO_DEFAULT_MODEL: "veo3" },
      { ALLOWED_ORIGINS: "https://app.test" },
      { AUTH_MODE: "personal" },
    ];
    let { refresh_token } = tokens;
    for (const change of others) {
      world.deploy(change);
      expect(await statusOf(callMcp(world, tokens.access_token)), JSON.stringify(change)).toBe(200);
      const refreshed = await client.refresh(refresh_token);
      expect(refreshed.status, JSON.stringify(change)).toBe(200);
      ({ refresh_token } = await readTokens(refreshed));
    }
  });

  it("says 503 on every path while it is wrong, and forgets nobody over it", async () => {
    const tokens = await signIn(client, createBrowser(world), OWNER);
    world.deploy({ MCP_ACCESS_KEY: undefined });
    for (const path of [
      "/authorize",
      "/oauth/token",
      "/oauth/register",
      "/.well-known/oauth-authorization-server",
    ]) {
      const response = await world.fetch(path);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain("MCP_ACCESS_KEY");
    }
    expect(await statusOf(callMcp(world, tokens.access_token))).toBe(503);
    world.deploy({ MCP_ACCESS_KEY: ACCESS_KEY });
    expect(await statusOf(callMcp(world, tokens.access_token))).toBe(200);
  });
});
