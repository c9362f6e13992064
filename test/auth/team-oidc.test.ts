import { afterEach, describe, expect, it } from "vitest";
import { createFakeOidc, type FakeOidc } from "../identity/fake-oidc.ts";
import { CALLBACK, createTeam, endTeam, oidcVariables, type Team } from "./team.ts";

const GOOGLE = "https://accounts.google.com";
const CLOUDFLARE_ACCESS = "https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/0123";
const BY_ADDRESS = { ALLOWED_EMAILS: "bob@example.com, ada@example.com" };
const BY_DOMAIN = { ALLOWED_EMAIL_DOMAINS: "acme.test, example.com" };
const ADA = { sub: "ada-1", email: "ada@example.com", email_verified: true };

const NOT_ON_THE_LIST = { page: "You are not on the list", status: 403 };
const NOT_VERIFIED = { page: "Your address is not verified", status: 403 };

/** Who signs in, what of the claims is different, and what the deployment says of it. */
type Case = [title: string, claims: Record<string, unknown>, rules: Record<string, string>, issuer?: string];

/** One for each issuer and all tests: its pair of RSA keys takes longer to make than a test to run. */
const providers = new Map<string, FakeOidc>();
function providerAt(issuer: string): FakeOidc {
  const provider = providers.get(issuer) ?? createFakeOidc({ issuer, redirectUris: [CALLBACK] });
  providers.set(issuer, provider);
  return provider;
}

describe("a team at an OpenID provider", () => {
  let oidc: FakeOidc;
  let team: Team;
  const open = async (rules: Record<string, string>, issuer = "https://issuer.test") => {
    oidc = providerAt(issuer);
    team = await createTeam(oidc, { ...oidcVariables(oidc), ...rules });
    oidc.signInAs(ADA);
  };
  afterEach(() => endTeam(team, oidc));

  it.each<Case>([
    ["by address", {}, BY_ADDRESS],
    ["by domain", {}, BY_DOMAIN],
    ["by domain, written with an @", {}, { ALLOWED_EMAIL_DOMAINS: "@Example.COM" }],
    ["in capitals", { email: "ADA@EXAMPLE.COM" }, BY_ADDRESS],
    ["in capitals, by domain", { email: "Ada@Example.Com" }, BY_DOMAIN],
    ["listed in capitals", {}, { ALLOWED_EMAILS: "ADA@Example.com" }],
    ["verified in words", { email_verified: "true" }, BY_ADDRESS],
    [
      "with nothing said of verification, where that may be",
      { email_verified: undefined },
      { ...BY_ADDRESS, OIDC_EMAIL_VERIFIED: "if-present" },
    ],
    [
      "with nothing said of verification, at Cloudflare Access",
      { email_verified: undefined },
      BY_ADDRESS,
      CLOUDFLARE_ACCESS,
    ],
    ["of a Workspace", { hd: "example.com" }, BY_DOMAIN, GOOGLE],
    ["of a Workspace in capitals", { hd: "Example.COM" }, BY_DOMAIN, GOOGLE],
    ["of no Workspace, by address", {}, BY_ADDRESS, GOOGLE],
    ["at an issuer with a path and a slash", {}, BY_ADDRESS, "https://sso.test/realms/veo/"],
  ])("lets in an address %s", async (_, claims, rules, issuer) => {
    await open(rules, issuer);
    oidc.signInAs({ ...ADA, ...claims });
    const { access_token: token } = await team.signIn();
    expect(await team.call(token)).toEqual({ status: 200, challenge: null });
    expect(await team.accounts()).toEqual([expect.stringMatching(/^oidc-[0-9a-f]{32}$/)]);
  });

  it.each<Case>([
    ["said to be unverified", { email_verified: false }, BY_ADDRESS],
    ["said in words to be unverified", { email_verified: "false" }, BY_DOMAIN],
    ["of which nothing is said", { email_verified: undefined }, BY_ADDRESS],
    ["verified by nonsense", { email_verified: "perhaps" }, BY_ADDRESS],
    ["verified by null", { email_verified: null }, BY_ADDRESS],
    [
      "said to be unverified, where saying nothing would do",
      { email_verified: false },
      { ...BY_ADDRESS, OIDC_EMAIL_VERIFIED: "if-present" },
    ],
    ["said to be unverified at Cloudflare Access", { email_verified: false }, BY_ADDRESS, CLOUDFLARE_ACCESS],
    [
      "of which nothing is said, at an issuer that only looks like Cloudflare Access",
      { email_verified: undefined },
      BY_ADDRESS,
      "https://evilcloudflareaccess.com",
    ],
    ["of which nothing is said, at Google", { email_verified: undefined }, BY_ADDRESS, GOOGLE],
    ["that is not there", { email: undefined }, BY_ADDRESS],
    ["that is a list", { email: ["ada@example.com"] }, BY_ADDRESS],
  ])("does not count an address %s", async (_, claims, rules, issuer) => {
    await open(rules, issuer);
    oidc.signInAs({ ...ADA, ...claims });
    expect(await team.attempt()).toEqual(NOT_VERIFIED);
    expect(await team.accounts()).toEqual([]);
  });

  it.each<Case>([
    ["of somebody else", { email: "eve@example.com" }, BY_ADDRESS],
    ["with a tag", { email: "ada+x@example.com" }, BY_ADDRESS],
    ["with a space", { email: "ada@example.com " }, BY_ADDRESS],
    ["with a line break", { email: "ada@example.com\n" }, BY_DOMAIN],
    ["with a comma", { email: "ada@example.com,eve@evil.test" }, BY_DOMAIN],
    ["of a sub-domain", { email: "ada@mail.example.com" }, BY_DOMAIN],
    ["of a domain above", { email: "ada@com" }, { ALLOWED_EMAIL_DOMAINS: "example.com" }],
    ["of a domain that ends like it", { email: "ada@notexample.com" }, BY_DOMAIN],
    ["of a domain that begins like it", { email: "ada@example.com.evil.test" }, BY_DOMAIN],
    ["of a domain with a dot at its end", { email: "ada@example.com." }, BY_DOMAIN],
    ["of a lookalike in Cyrillic", { email: "ada@exаmple.com" }, BY_DOMAIN],
    [
      "that only Unicode makes equal",
      { email: "ada@\u212Aiosk.test" },
      { ALLOWED_EMAIL_DOMAINS: "kiosk.test" },
    ],
    [
      "that only Unicode spells like it",
      { email: "mar\u212A@example.com" },
      { ALLOWED_EMAILS: "mark@example.com" },
    ],
    ["with the domain in a quoted local part", { email: '"ada@example.com"@evil.test' }, BY_DOMAIN],
    ["with another domain in a quoted local part", { email: '"eve@evil.test"@example.com' }, BY_DOMAIN],
    ["with two @", { email: "eve@evil.test@example.com" }, BY_DOMAIN],
    ["without a local part", { email: "@example.com" }, BY_DOMAIN],
    ["that is a domain only", { email: "example.com" }, BY_DOMAIN],
    ["of no Workspace", {}, BY_DOMAIN, GOOGLE],
    ["of another Workspace", { hd: "evil.test" }, BY_DOMAIN, GOOGLE],
    ["of another allowed Workspace", { hd: "acme.test" }, BY_DOMAIN, GOOGLE],
  ])("refuses, with a page, an address %s", async (_, claims, rules, issuer) => {
    await open(rules, issuer);
    oidc.signInAs({ ...ADA, ...claims });
    expect(await team.attempt()).toEqual(NOT_ON_THE_LIST);
    expect(await team.accounts()).toEqual([]);
  });

  it.each<[words: RegExp, claims: Record<string, unknown>]>([
    [
      /^You are not on the list You signed in as eve@example\.org, which is not one of/,
      { email: "Eve@example.org" },
    ],
    [/^You are not on the list You signed in as <b>&"@x\.test, which/, { email: '<b>\u202e&"@x.test' }],
    [/did not say that ada@example\.com belongs to you\./, { email_verified: false }],
    [/did not say that your e-mail address belongs to you\./, { email: undefined }],
  ])("says on the page which account it is that does not come in: %s", async (words, claims) => {
    await open(BY_ADDRESS);
    oidc.signInAs({ ...ADA, ...claims });
    expect(unescaped(await team.pageAfter())).toMatch(words);
    // The log has no addresses.
    expect(team.told().filter((line) => line.startsWith("{") && line.includes("@"))).toEqual([]);
  });

  it("knows a person by issuer and subject: a new address is the same account, a handed-on one is not", async () => {
    await open(BY_DOMAIN);
    await team.signIn();
    const [first] = await team.accounts();
    oidc.signInAs({ ...ADA, email: "ada.lovelace@example.com" });
    await team.signIn();
    expect(await team.accounts()).toEqual([first]);
    oidc.signInAs({ ...ADA, sub: "somebody-else" });
    await team.signIn();
    expect(await team.accounts()).toHaveLength(2);
    await endTeam(team, oidc);
    await open(BY_DOMAIN, "https://another-issuer.test");
    await team.signIn();
    expect(await team.accounts()).not.toContain(first);
  });
});

const unescaped = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
