import { calculatePKCECodeChallenge } from "openid-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { createFakeGithub, type FakeGithub } from "../identity/fake-github.ts";
import { createFakeOidc, type FakeOidc } from "../identity/fake-oidc.ts";
import { ACCESS_KEY, ORIGIN } from "../world.ts";
import { createBrowser, handleOn } from "./browser.ts";
import { readTokens } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";
import {
  CALLBACK,
  createTeam,
  endTeam,
  githubVariables,
  type Outcome,
  oidcVariables,
  type Team,
} from "./team.ts";

const REFUSED = { page: "This page cannot be used any more", status: 400 };
const CODE = { code: expect.any(String) };

describe("the way to the identity provider and back", () => {
  let github: FakeGithub;
  let team: Team;
  beforeEach(async () => {
    github = createFakeGithub({ redirectUris: [CALLBACK] });
    team = await createTeam(github, { ...githubVariables(github), ALLOWED_GITHUB_USERS: "alice, bob" });
    github.signInAs({ id: 12345, login: "alice" });
  });
  afterEach(() => endTeam(team, github));

  it("begins with consent, whatever the client asks for and however often the browser was here", async () => {
    const browser = createBrowser(team);
    for (const changed of [
      {},
      { prompt: "none" },
      { prompt: "login", max_age: "0" },
      { login_hint: "alice", id_token_hint: "x", skip_consent: "true", approval_prompt: "auto" },
    ]) {
      const { url } = await team.client.authorizeUrl(changed);
      const page = await browser.open(url);
      expect([page.status, page.headers.get("location")]).toEqual([200, null]);
      expect(await page.text()).toContain("Allow “<bdi>Test client</bdi>” to use Veo MCP?");
      // The same browser, which has just approved this client, is asked again.
      const journey = await team.depart(browser);
      expect(await team.outcomeOf(journey, await browser.open(await team.comeBack(journey)))).toEqual(CODE);
    }
  });

  it("leads to the provider only from the consent page, once, and not after a refusal", async () => {
    const browser = createBrowser(team);
    const { url } = await team.client.authorizeUrl();
    const handle = await handleOn(await browser.open(url));
    const stranger = await createBrowser(team).decide({ handle, decision: "approve" });
    expect([stranger.status, stranger.headers.get("location")]).toEqual([400, null]);
    const denied = await browser.decide({ handle, decision: "deny" });
    expect(denied.headers.get("location")).toMatch(
      /^http:\/\/127\.0\.0\.1:41234\/callback\?error=access_denied/,
    );
    const late = await browser.decide({ handle, decision: "approve" });
    expect([late.status, late.headers.get("location")]).toEqual([400, null]);
    expect(github.requests).toEqual([]);
  });

  it("is worth nothing in another browser, and still good in its own", async () => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    const thief = createBrowser(team);
    expect(await team.outcomeOf(journey, await thief.open(back))).toEqual(REFUSED);
    // A thief who is in the middle of a sign-in of his own has a cookie, but not the one.
    const own = await team.depart(thief);
    expect(await team.outcomeOf(own, await thief.open(back))).toEqual(REFUSED);
    expect(github.requestsTo("/login/oauth/access_token")).toEqual([]);
    expect(await team.outcomeOf(journey, await journey.browser.open(back))).toEqual(CODE);
  });

  it("cannot be finished with a code that belongs to another sign-in of the same browser", async () => {
    const browser = createBrowser(team);
    const journeys = [await team.depart(browser), await team.depart(browser)] as const;
    const [first, second] = [await team.comeBack(journeys[0]), await team.comeBack(journeys[1])];
    // Injected: the code of one sign-in beside the state of the other. PKCE tells them apart.
    first.searchParams.set("code", second.searchParams.get("code") ?? "");
    expect(await team.outcomeOf(journeys[0], await browser.open(first))).toEqual({
      error: "temporarily_unavailable",
    });
    expect(await team.accounts()).toEqual([]);
  });

  it("takes no notice of what else a provider adds, and of nothing that is there twice", async () => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    for (const [name, value] of [
      ["session_state", "keycloak"],
      ["scope", "openid https://www.googleapis.com/auth/userinfo.email"],
      ["authuser", "0"],
      ["redirect_uri", "https://evil.test"],
    ] as const)
      back.searchParams.set(name, value);
    expect(await team.outcomeOf(journey, await journey.browser.open(back))).toEqual(CODE);
    const second = await team.depart();
    const twice = await team.comeBack(second);
    twice.searchParams.append("code", "another");
    expect(await team.outcomeOf(second, await second.browser.open(twice))).toEqual({
      error: "temporarily_unavailable",
    });
  });

  it("works once", async () => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    const { browser } = journey;
    const cookies = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    expect(await team.outcomeOf(journey, await browser.open(back))).toEqual(CODE);
    // With the cookie that was cleared, and without it.
    const again = await team.fetch(back, { headers: { cookie: cookies }, redirect: "manual" });
    expect(await team.outcomeOf(journey, again)).toEqual(REFUSED);
    expect(await team.outcomeOf(journey, await browser.open(back))).toEqual(REFUSED);
    expect(github.requestsTo("/login/oauth/access_token")).toHaveLength(1);
  });

  it("gives at most one code when it is taken many times at once", async () => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    const answers = await Promise.all(Array.from({ length: 10 }, () => journey.browser.open(back)));
    const outcomes: Outcome[] = await Promise.all(answers.map((answer) => team.outcomeOf(journey, answer)));
    const codes = outcomes.flatMap((outcome) => ("code" in outcome ? [outcome.code] : []));
    expect(codes).toHaveLength(1);
    expect(outcomes.filter((outcome) => "status" in outcome && outcome.status === 400)).toHaveLength(9);
    expect(github.requestsTo("/login/oauth/access_token")).toHaveLength(1);
    await readTokens(await team.client.redeem(codes[0] ?? "", journey.verifier));
  });

  it("does not outlast ten minutes", async () => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    await team.world.advance(10 * 60_000);
    expect(await team.outcomeOf(journey, await journey.browser.open(back))).toEqual(REFUSED);
  });

  it.each([
    ["nothing", "/oauth/callback"],
    ["a code only", "/oauth/callback?code=x"],
    ["an invented state", `/oauth/callback?code=x&state=${"s".repeat(43)}`],
    ["an empty state", "/oauth/callback?code=x&state="],
    ["a state as long as an address may be", `/oauth/callback?code=x&state=${"s".repeat(8000)}`],
    ["an error with an invented state", `/oauth/callback?error=access_denied&state=${"s".repeat(43)}`],
    ["a state in odd letters", "/oauth/callback?code=x&state=%00%F0%9F%A6%8A%0d%0aset-cookie:a=b"],
  ])("does not begin at the end: %s", async (_, address) => {
    const browser = createBrowser(team);
    // A browser with a cookie of its own.
    await team.depart(browser);
    const answer = await browser.open(address);
    expect([answer.status, answer.headers.get("location")]).toEqual([400, null]);
    expect(await answer.text()).toContain("This page cannot be used any more");
    expect(github.requests).toEqual([]);
  });

  it.each(["POST", "PUT", "DELETE"])("is not there for %s", async (method) => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    const answer = await journey.browser.open(back, { method });
    expect([answer.status, await answer.json()]).toEqual([404, { error: "not_found" }]);
  });

  // Nobody answers at these addresses: a request to one of them would fail the test.
  it.each<[string, Variables]>([
    ["another GitHub", { GITHUB_BASE_URL: "https://ghe.test" }],
    ["another GitHub's API", { GITHUB_API_BASE_URL: "https://api.ghe.test" }],
    ["another app", { GITHUB_CLIENT_ID: "another-client" }],
    [
      "an OpenID provider",
      {
        GITHUB_CLIENT_ID: undefined,
        GITHUB_CLIENT_SECRET: undefined,
        ALLOWED_GITHUB_USERS: undefined,
        OIDC_ISSUER: "https://issuer.test",
        OIDC_CLIENT_ID: "client",
        OIDC_CLIENT_SECRET: "secret",
        ALLOWED_EMAIL_DOMAINS: "example.com",
      },
    ],
  ])("shows a code to nobody when %s was configured meanwhile", async (_, changed) => {
    const journey = await team.depart();
    const back = await team.comeBack(journey);
    team.world.deploy(changed);
    expect(await team.outcomeOf(journey, await journey.browser.open(back))).toEqual({
      error: "temporarily_unavailable",
    });
    expect(github.requestsTo("/login/oauth/access_token")).toEqual([]);
    expect(await team.accounts()).toEqual([]);
  });

  it.each([
    ["personal", { AUTH_MODE: "personal", MCP_ACCESS_KEY: ACCESS_KEY }],
    [
      "passthrough",
      { AUTH_MODE: "passthrough", ACEDATACLOUD_API_TOKEN: undefined, MCP_ACCESS_KEY: undefined },
    ],
  ])("does not exist in %s mode", async (_, variables) => {
    const world = createSignInWorld({ variables });
    const answer = await world.fetch(`/oauth/callback?code=x&state=${"s".repeat(43)}`);
    expect([answer.status, await answer.json()]).toEqual([404, { error: "not_found" }]);
  });
});

describe("what the provider is asked", () => {
  const oidc: FakeOidc = createFakeOidc({ redirectUris: [CALLBACK] });
  const github: FakeGithub = createFakeGithub({ redirectUris: [CALLBACK] });
  const atOidc = () => createTeam(oidc, { ...oidcVariables(oidc), ALLOWED_EMAIL_DOMAINS: "example.com" });
  const atGithub = () => createTeam(github, { ...githubVariables(github), ALLOWED_GITHUB_ORGS: "acme" });

  it.each([
    { provider: oidc, begin: atOidc, scope: "openid email profile", hasNonce: true },
    { provider: github, begin: atGithub, scope: "read:org", hasNonce: false },
  ])(
    "is what is needed for $scope: PKCE, our callback, and no secret",
    async ({ provider, begin, ...asked }) => {
      const team = await begin();
      const [first, second] = [await team.depart(), await team.depart()];
      const parameters = Object.fromEntries(first.away.searchParams);
      expect(parameters).toEqual({
        response_type: "code",
        client_id: provider.client.id,
        redirect_uri: `${ORIGIN}/oauth/callback`,
        scope: asked.scope,
        state: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: "S256",
        ...(asked.hasNonce && { nonce: expect.stringMatching(/^[\w-]{43}$/) }),
      });
      // Everything that must be new is new; and the client's own challenge and state stay with us.
      for (const name of ["state", "code_challenge", ...(asked.hasNonce ? ["nonce"] : [])])
        expect(parameters[name], name).not.toBe(second.away.searchParams.get(name));
      expect(Object.values(parameters)).not.toContain(first.state);
      expect(Object.values(parameters)).not.toContain(await calculatePKCECodeChallenge(first.verifier));
      await endTeam(team, provider);
    },
  );
});
