import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFakeOidc, type FakeOidc } from "../identity/fake-oidc.ts";
import { ID_TOKEN_FLAWS } from "../identity/id-token.ts";
import type { FaultInput } from "../simulator/faults.ts";
import { CALLBACK, createTeam, endTeam, oidcVariables, type Team } from "./team.ts";

const PROVIDER_TROUBLE = { error: "temporarily_unavailable" };
const RULES = { ALLOWED_EMAILS: "ada@example.com" };
const DISCOVERY = "/.well-known/openid-configuration";

/** One for all tests: its pair of RSA keys takes longer to make than a test to run. */
const oidc: FakeOidc = createFakeOidc({ redirectUris: [CALLBACK] });

describe("an OpenID provider whose answer is not what it should be", () => {
  let team: Team;
  beforeEach(async () => {
    team = await createTeam(oidc, { ...oidcVariables(oidc), ...RULES });
    oidc.signInAs({ sub: "ada-1", email: "ada@example.com", email_verified: true });
  });
  afterEach(() => {
    oidc.overrideDiscovery({});
    oidc.clearFaults();
    return endTeam(team, oidc);
  });
  /** Nobody came in, and the client may try again; without what was wrong, the same person gets in. */
  const expectRefused = async () => {
    expect(await team.world.until(team.attempt())).toEqual(PROVIDER_TROUBLE);
    expect(await team.accounts()).toEqual([]);
    expect(team.told().join()).toMatch(/"event":"(sign_in_failed|identity_provider_unreachable)"/);
    oidc.overrideDiscovery({});
    oidc.clearFaults();
    expect(await team.attempt()).toEqual({ code: expect.any(String) });
  };

  it.each(ID_TOKEN_FLAWS)("lets nobody in with an id_token whose flaw is: %s", async (flaw) => {
    oidc.flawNext(flaw);
    await expectRefused();
  });

  it("follows the provider's keys when they change", async () => {
    await team.signIn();
    oidc.rotateKey();
    expect(await team.attempt()).toEqual({ code: expect.any(String) });
  });

  it.each([null, "https://another-issuer.test", "https://issuer.test.evil.test", ""])(
    "lets nobody in when the way back names the issuer %j (mix-up, RFC 9207)",
    async (iss) => {
      oidc.issNext(iss);
      await expectRefused();
    },
  );

  it.each<[string, FaultInput]>([
    ["unknown", tokenError("invalid_grant")],
    ["unknown, and says it with 200", tokenError("invalid_grant", 200)],
    ["too many", { kind: "status", match: "/token", status: 429 }],
    ["nothing it can do now", { kind: "html", match: "/token", status: 503 }],
    ["one it does not answer", { kind: "hang", match: "/token" }],
    ["one it answers in half", { kind: "truncated", match: "/token" }],
    [
      "one to take elsewhere",
      { kind: "redirect", match: "/token", status: 307, location: "https://evil.test" },
    ],
    ["one whose keys are gone", { kind: "status", match: "/jwks", status: 500 }],
    ["one whose keys do not come", { kind: "hang", match: "/jwks" }],
    ["one whose keys are nonsense", { kind: "body", match: "/jwks", text: '{"keys":"all"}' }],
    ["one whose keys are elsewhere", { kind: "redirect", match: "/jwks", location: "https://evil.test" }],
    ["one to forget who it is for", { kind: "status", match: DISCOVERY, status: 503, skip: 1 }],
    ["one to stop answering for", { kind: "hang", match: DISCOVERY, skip: 1 }],
  ])("lets nobody in when it finds the code %s", async (_, fault) => {
    oidc.inject(fault);
    await expectRefused();
  });

  it.each<[string, FaultInput]>([
    ["is down", { kind: "drop", match: DISCOVERY }],
    ["does not answer", { kind: "hang", match: DISCOVERY }],
    ["stops in the middle", { kind: "stall", match: DISCOVERY }],
    ["fails", { kind: "status", match: DISCOVERY, status: 500 }],
    ["shows a page", { kind: "html", match: DISCOVERY, status: 200 }],
    ["answers null", { kind: "null", match: DISCOVERY }],
    ["sends us elsewhere", { kind: "redirect", match: DISCOVERY, location: "https://evil.test" }],
  ])("tells the client at once, and sends nobody anywhere, when its discovery %s", async (_, fault) => {
    oidc.inject(fault);
    const before = oidc.requestsTo("/authorize").length;
    const { away, state } = await team.world.until(team.depart());
    expect(away.href).toMatch(team.client.redirectUri);
    expect(Object.fromEntries(away.searchParams)).toMatchObject({ ...PROVIDER_TROUBLE, state });
    expect(oidc.requestsTo("/authorize")).toHaveLength(before);
    expect(await team.accounts()).toEqual([]);
  });

  it.each([
    ["issuer", "https://another-issuer.test"],
    ["issuer", "https://issuer.test.evil.test"],
    ["issuer", undefined],
    ["authorization_endpoint", "http://issuer.test/authorize"],
    ["authorization_endpoint", "javascript:alert(1)"],
    ["authorization_endpoint", undefined],
    ["token_endpoint", "http://issuer.test/token"],
    ["token_endpoint", undefined],
    ["jwks_uri", "http://issuer.test/jwks"],
    ["jwks_uri", undefined],
  ])("lets nobody in with a discovery document whose %s is %j", async (name, value) => {
    oidc.overrideDiscovery({ [name]: value });
    await expectRefused();
  });
});

function tokenError(error: string, status = 400): FaultInput {
  const text = JSON.stringify({ error, error_description: "The test asked for it." });
  return { kind: "body", match: "/token", status, text };
}
