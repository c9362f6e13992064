import { afterEach, describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import { createFakeGithub, type FakeGithub } from "../identity/fake-github.ts";
import { createFakeOidc, type FakeOidc } from "../identity/fake-oidc.ts";
import type { FaultInput } from "../simulator/faults.ts";
import { locationOf } from "./browser.ts";
import {
  CALLBACK,
  createTeam,
  endTeam,
  githubVariables,
  type Journey,
  oidcVariables,
  type Team,
} from "./team.ts";

const WRONG_SECRET = "wrong-secret-0123456789";
const OUR_FAULT = {
  error: "server_error",
  error_description:
    "The identity provider does not accept this server: its operator has to check the client id, the secret and the callback",
};
const TROUBLE = { error: "temporarily_unavailable", error_description: "The identity provider failed" };
const SILENCE = { ...TROUBLE, error_description: "The identity provider does not answer" };

/** One for all tests: its pair of RSA keys takes longer to make than a test to run. */
const oidc: FakeOidc = createFakeOidc({ redirectUris: [CALLBACK] });
/** Says no with a challenge, and nothing beside it. */
const CHALLENGING: FakeOidc = {
  ...oidc,
  async fetch(input, init) {
    const answer = await oidc.fetch(input, init);
    const headers = { "www-authenticate": 'Basic realm="tokens"' };
    return answer.status === 401 ? new Response("no", { status: 401, headers }) : answer;
  },
};

describe("a sign-in that fails at the identity provider", () => {
  let team: Team;
  let provider: FakeGithub | FakeOidc;
  const atOidc = async (variables: Variables = {}, at = oidc) => {
    provider = at;
    oidc.clearFaults();
    oidc.signInAs({ sub: "ada-1", email: "ada@example.com", email_verified: true });
    team = await createTeam(at, {
      ...oidcVariables(oidc),
      ALLOWED_EMAILS: "ada@example.com",
      ...variables,
    });
  };
  const atGithub = async (variables: Variables = {}) => {
    const github = createFakeGithub({ redirectUris: [CALLBACK] });
    provider = github;
    github.signInAs({ id: 12345, login: "alice" });
    team = await createTeam(github, {
      ...githubVariables(github),
      ALLOWED_GITHUB_USERS: "alice",
      ...variables,
    });
  };
  afterEach(() => endTeam(team, provider));

  /** What the client is told, and the lines of the log about it. */
  const told = (answer: URL) => ({
    client: Object.fromEntries(
      ["error", "error_description"].map((name) => [name, answer.searchParams.get(name)]),
    ),
    log: team
      .told()
      .filter((line) => /"event":"(sign_in_failed|identity_provider_unreachable)"/.test(line))
      .map((line): unknown => JSON.parse(line)),
  });
  const returning = async ({ browser }: Journey, back: URL) => told(locationOf(await browser.open(back)));
  const failure = async () => {
    const journey = await team.world.until(team.depart());
    if (journey.away.href.startsWith(team.client.redirectUri)) return told(journey.away);
    return team.world.until(team.comeBack(journey).then((back) => returning(journey, back)));
  };

  it.each([
    ["OpenID", () => atOidc({ OIDC_CLIENT_SECRET: WRONG_SECRET }), "oidc", 401, "invalid_client"],
    [
      "OpenID, which says so with a challenge",
      () => atOidc({ OIDC_CLIENT_SECRET: WRONG_SECRET }, CHALLENGING),
      "oidc",
      401,
      "invalid_client",
    ],
    [
      "GitHub, which says so with 200",
      () => atGithub({ GITHUB_CLIENT_SECRET: WRONG_SECRET }),
      "github",
      200,
      "incorrect_client_credentials",
    ],
  ])(
    "because the secret is wrong is our fault, and the log says why: %s",
    async (_, open, kind, status, code) => {
      await open();
      expect(await failure()).toEqual({
        client: OUR_FAULT,
        log: [expect.objectContaining({ provider: kind, status, code })],
      });
      expect(team.told().join()).not.toMatch(/wrong-secret|refused because/);
      expect(await team.accounts()).toEqual([]);
    },
  );

  it.each([
    ["unauthorized_client", 400, OUR_FAULT],
    ["redirect_uri_mismatch", 200, OUR_FAULT],
    ["invalid_grant", 400, TROUBLE],
    ["temporarily_unavailable", 400, TROUBLE],
  ])("is told apart by the provider's own word: %s", async (code, status, client) => {
    await atOidc();
    oidc.tokenErrorNext(code, status);
    expect(await failure()).toEqual({
      client,
      log: [expect.objectContaining({ event: "sign_in_failed", status, code })],
    });
    expect(team.told().join()).not.toContain("The test asked for it");
  });

  it.each([
    ["access_denied", { ...TROUBLE, error: "access_denied", error_description: "Sign-in was declined" }, []],
    ["unauthorized_client", OUR_FAULT, ["unauthorized_client"]],
    ["login_required", TROUBLE, ["login_required"]],
    ["server_error", TROUBLE, ["server_error"]],
    ["<script>", TROUBLE, ["unreadable"]],
  ])("is told apart by the word that comes back with the browser: %s", async (error, client, codes) => {
    await atOidc();
    const journey = await team.depart();
    const back = new URL(CALLBACK);
    const state = journey.away.searchParams.get("state") ?? "";
    back.search = `${new URLSearchParams({ error, error_description: "<b>no</b>", state, iss: oidc.issuer })}`;
    expect(await returning(journey, back)).toEqual({
      client,
      log: codes.map((code) => ({ event: "sign_in_failed", provider: "oidc", code })),
    });
    expect(team.told().join()).not.toMatch(/<b>|script>/);
    expect(await team.accounts()).toEqual([]);
  });

  it.each<[string, FaultInput, typeof TROUBLE, Record<string, unknown>]>([
    ["fails", { kind: "html", match: "/token", status: 503 }, TROUBLE, { status: 503 }],
    [
      "says a word that is none",
      {
        kind: "body",
        match: "/token",
        status: 400,
        text: JSON.stringify({ error: `<b>${WRONG_SECRET}</b>` }),
      },
      TROUBLE,
      { status: 400, code: "unreadable" },
    ],
    [
      "has no such page",
      { kind: "html", match: "/.well-known/openid-configuration", status: 404 },
      SILENCE,
      { status: 404 },
    ],
    ["does not answer", { kind: "hang", match: "/token" }, TROUBLE, { reason: "OAUTH_TIMEOUT" }],
    ["is down", { kind: "drop", match: "/.well-known/openid-configuration" }, SILENCE, {}],
  ])(
    "because the provider %s is nobody's fault here, and the log has the status where there is one",
    async (_, fault, client, fields) => {
      await atOidc();
      oidc.inject(fault);
      const { log, ...said } = await failure();
      expect(said).toEqual({ client });
      expect(log).toEqual([expect.objectContaining({ provider: "oidc", ...fields })]);
      if (!("status" in fields)) expect(log[0]).not.toHaveProperty("status");
      expect(team.told().join()).not.toContain(WRONG_SECRET);
    },
  );

  it("because GitHub's API refuses the token has the status in the log", async () => {
    await atGithub();
    provider.inject({ kind: "status", match: "/user", status: 401 });
    expect(await failure()).toEqual({
      client: TROUBLE,
      log: [{ event: "sign_in_failed", provider: "github", error: "ProviderError", status: 401 }],
    });
  });
});
