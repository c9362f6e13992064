import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Variables } from "../../src/config/variables.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { createFakeOidc } from "../identity/fake-oidc.ts";
import { ACCESS_KEY, ORIGIN } from "../world.ts";
import { readTokens, type Tokens } from "./oauth-client.ts";
import { CALLBACK, createTeam, endTeam, githubVariables, oidcVariables, type Team } from "./team.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ALICE = { id: 12345, login: "Alice", memberships: { acme: "active" } } as const;
const BOB = { id: 777, login: "bob" };
const ADA = { sub: "ada-1", email: "ada@example.com", email_verified: true };
const BEN = { sub: "ben-1", email: "ben@acme.test", email_verified: true };

const github = createFakeGithub({ redirectUris: [CALLBACK] });
/** One for all tests: its pair of RSA keys takes longer to make than a test to run. */
const oidc = createFakeOidc({ redirectUris: [CALLBACK] });

const errorSchema = z.object({ error: z.string() });

describe("somebody of a team who is signed in", () => {
  let end: () => Promise<void>;
  afterEach(() => end());

  const atGithub = async (rules: Variables) => {
    const team = await createTeam(github, { ...githubVariables(github), ...rules });
    end = () => endTeam(team, github);
    const signIn = (person: typeof ALICE | typeof BOB) => {
      github.signInAs(person);
      return team.signIn();
    };
    return { team, first: await signIn(ALICE), colleague: await signIn(BOB) };
  };
  const atOidc = async (rules: Variables) => {
    const team = await createTeam(oidc, { ...oidcVariables(oidc), ...rules });
    end = () => endTeam(team, oidc);
    const signIn = (person: typeof ADA) => {
      oidc.signInAs(person);
      return team.signIn();
    };
    return { team, first: await signIn(ADA), colleague: await signIn(BEN) };
  };

  const expectIn = async (team: Team, tokens: Tokens) => {
    expect(await team.call(tokens.access_token)).toEqual({ status: 200, challenge: null });
    await readTokens(await team.client.refresh(tokens.refresh_token));
  };
  const expectOut = async (team: Team, tokens: Tokens) => {
    const { status, challenge } = await team.call(tokens.access_token);
    expect(status).toBe(401);
    for (const part of [
      /^Bearer realm="OAuth"/,
      `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp"`,
      'error="invalid_token"',
      'scope="veo"',
    ])
      expect(challenge).toMatch(part);
    const refreshed = await team.client.refresh(tokens.refresh_token);
    expect([refreshed.status, errorSchema.parse(await refreshed.json()).error]).toEqual([
      400,
      "invalid_grant",
    ]);
  };

  it.each<[string, typeof atGithub | typeof atOidc, Variables, Variables]>([
    [
      "their login was taken off the list",
      atGithub,
      { ALLOWED_GITHUB_USERS: "alice, bob" },
      { ALLOWED_GITHUB_USERS: "bob" },
    ],
    [
      "their number was taken off the list",
      atGithub,
      { ALLOWED_GITHUB_USERS: "id:12345, id:777" },
      { ALLOWED_GITHUB_USERS: "id:777" },
    ],
    [
      "their organisation was taken off the list",
      atGithub,
      { ALLOWED_GITHUB_USERS: "bob", ALLOWED_GITHUB_ORGS: "acme, beta" },
      { ALLOWED_GITHUB_ORGS: "beta" },
    ],
    [
      "no organisation counts any more",
      atGithub,
      { ALLOWED_GITHUB_USERS: "bob", ALLOWED_GITHUB_ORGS: "acme" },
      { ALLOWED_GITHUB_ORGS: undefined },
    ],
    [
      "their address was taken off the list",
      atOidc,
      { ALLOWED_EMAILS: "ada@example.com, ben@acme.test" },
      { ALLOWED_EMAILS: "ben@acme.test" },
    ],
    [
      "their domain was taken off the list",
      atOidc,
      { ALLOWED_EMAIL_DOMAINS: "example.com, acme.test" },
      { ALLOWED_EMAIL_DOMAINS: "acme.test" },
    ],
  ])(
    "is out at the next call and the next refresh when %s; a colleague is not",
    async (_, at, rules, changed) => {
      const { team, first, colleague } = await at(rules);
      expect(await team.call(first.access_token)).toMatchObject({ status: 200 });
      team.world.deploy(changed);
      await expectOut(team, first);
      await expectIn(team, colleague);
      // The refused refresh has ended the grant: being listed again means signing in again.
      team.world.deploy(rules);
      await expectOut(team, first);
      expect(await team.attempt()).toEqual({ code: expect.any(String) });
    },
  );

  it("gets no tokens for a code from before they were taken off the list", async () => {
    const { team } = await atGithub({ ALLOWED_GITHUB_USERS: "alice, bob" });
    github.signInAs(ALICE);
    const journey = await team.depart();
    const outcome = await team.outcomeOf(journey, await journey.browser.open(await team.comeBack(journey)));
    team.world.deploy({ ALLOWED_GITHUB_USERS: "bob" });
    const redeemed = await team.client.redeem("code" in outcome ? outcome.code : "", journey.verifier);
    expect([redeemed.status, errorSchema.parse(await redeemed.json()).error]).toEqual([400, "invalid_grant"]);
  });

  const WITHOUT_GITHUB = {
    GITHUB_CLIENT_ID: undefined,
    GITHUB_CLIENT_SECRET: undefined,
    ALLOWED_GITHUB_USERS: undefined,
  };
  it.each<[string, Variables]>([
    ["the app at the provider", { GITHUB_CLIENT_ID: "another-client" }],
    ["the GitHub", { GITHUB_BASE_URL: "https://ghe.test" }],
    ["the GitHub's API", { GITHUB_API_BASE_URL: "https://api.ghe.test" }],
    [
      "the kind of provider",
      { ...WITHOUT_GITHUB, ...oidcVariables(oidc), ALLOWED_EMAILS: "ada@example.com" },
    ],
    ["a service key, which there was not,", { MCP_ACCESS_KEY: ACCESS_KEY }],
    ["the mode", { ...WITHOUT_GITHUB, AUTH_MODE: "personal", MCP_ACCESS_KEY: ACCESS_KEY }],
    [
      "the mode, to one where everybody pays,",
      { ...WITHOUT_GITHUB, AUTH_MODE: "passthrough", ACEDATACLOUD_API_TOKEN: undefined },
    ],
  ])("is out, with everybody else, when %s changes", async (_, changed) => {
    const { team, first, colleague } = await atGithub({ ALLOWED_GITHUB_USERS: "alice, bob" });
    team.world.deploy(changed);
    await expectOut(team, first);
    await expectOut(team, colleague);
  });

  it.each<[string, Variables]>([
    ["somebody else joined", { ALLOWED_GITHUB_USERS: "alice, bob, carol", ALLOWED_GITHUB_ORGS: "acme" }],
    ["the client secret was renewed", { GITHUB_CLIENT_SECRET: "renewed-secret-0123456789" }],
    ["what has nothing to do with it changed", { VEO_DEFAULT_MODEL: "veo31", SECRET_KEY: "s".repeat(32) }],
    ["the address was pinned", { PUBLIC_URL: ORIGIN }],
  ])("stays in when %s", async (_, changed) => {
    const { team, first, colleague } = await atGithub({ ALLOWED_GITHUB_USERS: "alice, bob" });
    team.world.deploy(changed);
    await expectIn(team, first);
    await expectIn(team, colleague);
  });

  it("has an access token for an hour, and after seven days has to sign in again, however active", async () => {
    const { team, first } = await atGithub({ ALLOWED_GITHUB_USERS: "alice, bob" });
    expect(first.expires_in).toBe(3600);
    await team.world.advance(HOUR_MS - 1000);
    expect(await team.call(first.access_token)).toMatchObject({ status: 200 });
    await team.world.advance(1000);
    expect(await team.call(first.access_token)).toMatchObject({ status: 401 });
    let tokens = first;
    for (let day = 1; day <= 6; day += 1) {
      tokens = await readTokens(await team.client.refresh(tokens.refresh_token));
      await team.world.advance(DAY_MS);
    }
    // The library gives nothing more in the last minute of a grant.
    await team.world.advance(23 * HOUR_MS - 2 * MINUTE_MS);
    tokens = await readTokens(await team.client.refresh(tokens.refresh_token));
    expect(await team.call(tokens.access_token)).toMatchObject({ status: 200 });
    await team.world.advance(2 * MINUTE_MS);
    await expectOut(team, tokens);
  });
});
