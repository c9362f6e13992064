import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFakeGithub, type FakeGithub, type GithubPerson } from "../identity/fake-github.ts";
import type { FaultInput } from "../simulator/faults.ts";
import { CALLBACK, createTeam, endTeam, githubVariables, type Team } from "./team.ts";

const ALICE: GithubPerson = {
  id: 12345,
  login: "Alice",
  memberships: { acme: "active", guests: "pending", Beta: "active" },
};
/** Somebody else, who took the login that Alice gave up. */
const NEW_ALICE: GithubPerson = { id: 99999, login: "Alice" };

const NOT_ON_THE_LIST = { page: "You are not on the list", status: 403 };
const PROVIDER_TROUBLE = { error: "temporarily_unavailable" };

describe("a team at GitHub", () => {
  let github: FakeGithub;
  let team: Team;
  const open = async (rules: Record<string, string>) => {
    team = await createTeam(github, { ...githubVariables(github), ...rules });
    github.signInAs(ALICE);
  };
  beforeEach(() => {
    github = createFakeGithub({ redirectUris: [CALLBACK] });
  });
  afterEach(() => endTeam(team, github));

  it.each<[Record<string, string>, string | null]>([
    [{ ALLOWED_GITHUB_USERS: "bob, ALICE" }, null],
    [{ ALLOWED_GITHUB_USERS: "id:12345" }, null],
    [{ ALLOWED_GITHUB_ORGS: "acme" }, "read:org"],
    [{ ALLOWED_GITHUB_ORGS: "strangers, guests,BETA" }, "read:org"],
    [{ ALLOWED_GITHUB_USERS: "bob", ALLOWED_GITHUB_ORGS: "Acme" }, "read:org"],
  ])(
    "lets in by login, by number or by active membership, and asks for no more: %j",
    async (rules, scope) => {
      await open(rules);
      const { access_token: token } = await team.signIn();
      expect(await team.call(token)).toEqual({ status: 200, challenge: null });
      expect(await team.accounts()).toEqual(["github-12345"]);
      const [asked] = github.requestsTo("/login/oauth/authorize");
      expect(new URL(asked?.url ?? "").searchParams.get("scope")).toBe(scope);
      // Only organisations that a rule names are asked about: the others are nobody's business.
      const about = github.requests.filter(({ path }) => path.startsWith("/user/memberships/"));
      expect(about).toHaveLength((rules.ALLOWED_GITHUB_ORGS ?? "").split(",").filter(Boolean).length);
    },
  );

  it.each([
    ["whose login is not on it", ALICE, { ALLOWED_GITHUB_USERS: "alice2, lice, alic, id:1234, id:123456" }],
    ["whose number is somebody's login", ALICE, { ALLOWED_GITHUB_USERS: "12345" }],
    ["whose login is an organisation that is on it", ALICE, { ALLOWED_GITHUB_ORGS: "alice" }],
    ["whose organisation is on the list of people", ALICE, { ALLOWED_GITHUB_USERS: "acme" }],
    ["who is not in the organisation", ALICE, { ALLOWED_GITHUB_ORGS: "strangers" }],
    ["who took a login that was listed by number", NEW_ALICE, { ALLOWED_GITHUB_USERS: "id:12345" }],
  ])("refuses, with a page, a person %s", async (_, person, rules) => {
    await open(rules);
    github.signInAs(person);
    expect(await team.attempt()).toEqual(NOT_ON_THE_LIST);
    expect(await team.accounts()).toEqual([]);
  });

  const ADD_ME =
    "You are not on the list You signed in as alice, which is not one of the accounts that may use this server. Ask whoever runs this server to add it. To use another account, sign out at the identity provider, then start again from your app.";
  const ACCEPT =
    "Your membership is pending You signed in as alice, and were invited to guests, but have not accepted yet. Accept the invitation at https://github.test/orgs/guests/invitation, then start again from your app.";
  const APPROVE =
    "The organisation keeps this app out You signed in as alice, but an organisation whose members may use this server does not let it see who they are. Ask an owner of the organisation to approve the app in its settings, under third-party access, then start again from your app.";
  it.each<[string, string, string, FaultInput[]]>([
    ["is in none", "strangers, initech", ADD_ME, []],
    ["is not known to one", "acme", ADD_ME, [memberships("acme", 404)]],
    ["has not accepted the invitation of one", "strangers, guests", ACCEPT, []],
    ["is a member of one that keeps the app out", "strangers, acme", APPROVE, [memberships("acme", 403)]],
    ["is invited, where another keeps the app out", "acme, guests", ACCEPT, [memberships("acme", 403)]],
  ])(
    "tells a person who %s of the organisations, by name, what is missing",
    async (_, orgs, words, faults) => {
      await open({ ALLOWED_GITHUB_ORGS: orgs });
      github.inject(...faults);
      expect(await team.pageAfter()).toBe(words);
      expect(await team.accounts()).toEqual([]);
      // Nobody is told which organisations are on the list; and the log has no names.
      expect(words).not.toMatch(/acme|strangers|initech/);
      expect(team.told().filter((line) => line.startsWith("{") && /alice|guests/i.test(line))).toEqual([]);
    },
  );

  it("lets in by the one organisation that counts, whatever the others say", async () => {
    await open({ ALLOWED_GITHUB_ORGS: "acme, guests, beta" });
    github.inject(memberships("acme", 403));
    await team.signIn();
  });

  it("gives a login that changed hands another account, which knows nothing of the first one's", async () => {
    await open({ ALLOWED_GITHUB_USERS: "alice" });
    const first = await team.signIn();
    await team.call(first.access_token);
    github.signInAs(NEW_ALICE);
    await team.call((await team.signIn()).access_token);
    expect(await team.accounts()).toEqual(["github-12345", "github-99999"]);
  });

  it.each<[string, FaultInput]>([
    ["fails", { kind: "status", match: "/user", status: 500 }],
    ["refuses the token", { kind: "status", match: "/user", status: 401 }],
    ["limits us", { kind: "status", match: "/user", status: 429, retryAfterSeconds: 60 }],
    ["breaks off", { kind: "drop", match: "/user" }],
    ["does not answer", { kind: "hang", match: "/user" }],
    ["stops in the middle", { kind: "stall", match: "/user" }],
    ["answers half", { kind: "truncated", match: "/user" }],
    ["answers too much", { kind: "oversized", match: "/user", sizeBytes: 2_000_000 }],
    ["answers a page", { kind: "html", match: "/user", status: 200 }],
    ["answers null", { kind: "null", match: "/user" }],
    ["sends us elsewhere", { kind: "redirect", match: "/user", location: "https://evil.test/user" }],
    ["gives no number", { kind: "body", match: "/user", text: '{"login":"alice"}' }],
    ["gives a number in words", { kind: "body", match: "/user", text: '{"id":"12345","login":"alice"}' }],
    ["gives number zero", { kind: "body", match: "/user", text: '{"id":0,"login":"alice"}' }],
    ["gives half a number", { kind: "body", match: "/user", text: '{"id":1.5,"login":"alice"}' }],
    ["gives no login", { kind: "body", match: "/user", text: '{"id":12345,"login":""}' }],
    ["fails about an organisation", { kind: "status", match: "/user/memberships/orgs/acme", status: 502 }],
    ["says nothing of a membership", { kind: "body", match: "/user/memberships/orgs/acme", text: "{}" }],
  ])("lets nobody in when the API %s, and tells the client to try later", async (_, fault) => {
    await open({ ALLOWED_GITHUB_USERS: "alice", ALLOWED_GITHUB_ORGS: "acme" });
    github.inject(fault);
    expect(await team.world.until(team.attempt())).toEqual(PROVIDER_TROUBLE);
    expect(await team.accounts()).toEqual([]);
    expect(await team.attempt()).toEqual({ code: expect.any(String) });
  });

  it.each<[string, FaultInput]>([
    ["an error with status 200", errorWith200("bad_verification_code")],
    ["no token", { kind: "body", match: "/login/oauth/access_token", text: '{"token_type":"bearer"}' }],
    ["a form in place of JSON", { kind: "body", match: "/login/oauth/access_token", text: "access_token=x" }],
    ["a failure", { kind: "status", match: "/login/oauth/access_token", status: 503 }],
    ["silence", { kind: "hang", match: "/login/oauth/access_token" }],
    [
      "a redirect",
      { kind: "redirect", match: "/login/oauth/access_token", status: 307, location: "https://evil.test" },
    ],
  ])("lets nobody in when the token endpoint answers %s", async (_, fault) => {
    await open({ ALLOWED_GITHUB_USERS: "alice" });
    github.inject(fault);
    expect(await team.world.until(team.attempt())).toEqual(PROVIDER_TROUBLE);
    expect(github.requestsTo("/user")).toEqual([]);
    expect(await team.accounts()).toEqual([]);
  });

  it("tells the client when the person declines at GitHub", async () => {
    await open({ ALLOWED_GITHUB_USERS: "alice" });
    github.declineNext();
    expect(await team.attempt()).toEqual({ error: "access_denied" });
    expect(github.requestsTo("/login/oauth/access_token")).toEqual([]);
    expect(await team.accounts()).toEqual([]);
  });

  it.each([
    ["https://github.com", "https://api.github.com", false],
    ["https://ghe.test", "https://ghe.test/api/v3", true],
    ["https://company.test/github/", "https://company.test/github/api/v3/", true],
  ])("is the one at %s: github.com unless another is named", async (webUrl, apiUrl, isNamed) => {
    github = createFakeGithub({ webUrl, apiUrl, redirectUris: [CALLBACK] });
    const { GITHUB_BASE_URL, GITHUB_API_BASE_URL, ...others } = githubVariables(github);
    const named = isNamed && { GITHUB_BASE_URL, GITHUB_API_BASE_URL };
    team = await createTeam(github, { ...others, ...named, ALLOWED_GITHUB_ORGS: "acme" });
    github.signInAs(ALICE);
    expect(await team.call((await team.signIn()).access_token)).toMatchObject({ status: 200 });
    expect(await team.accounts()).toEqual(["github-12345"]);
  });
});

function memberships(org: string, status: number): FaultInput {
  return { kind: "status", match: `/user/memberships/orgs/${org}`, status };
}

function errorWith200(error: string): FaultInput {
  const text = JSON.stringify({ error, error_description: "The test asked for it." });
  return { kind: "body", match: "/login/oauth/access_token", text };
}
