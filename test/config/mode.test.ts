import { describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import {
  ACEDATA,
  configured,
  DOMAINS,
  EMAILS,
  GITHUB,
  KEY,
  OIDC,
  ORGS,
  problemsOf,
  SECRET,
  TOKEN,
  USERS,
} from "./deployments.ts";

describe("the mode of a deployment", () => {
  it.each<[string, Variables]>([
    ["personal", { ...TOKEN, ...KEY }],
    ["personal", { ...TOKEN, ...KEY, AUTH_MODE: "personal" }],
    ["personal", { ...TOKEN, ...KEY, AUTH_MODE: "" }],
    ["team", { ...TOKEN, ...GITHUB, ...USERS }],
    ["team", { ...TOKEN, ...GITHUB, ...ORGS, ...KEY }],
    ["team", { ...TOKEN, ...OIDC, ...EMAILS }],
    ["team", { ...TOKEN, ...OIDC, ...DOMAINS, AUTH_MODE: "team" }],
    ["acedata", { ...ACEDATA }],
    ["acedata", { ...ACEDATA, ...SECRET, AUTH_MODE: "acedata" }],
    ["passthrough", { AUTH_MODE: "passthrough" }],
  ])("is %s with %j", (mode, variables) => {
    expect(configured(variables).access.mode).toBe(mode);
  });

  it("is never guessed to be the one in which everybody may come in with a key of their own", () => {
    for (const variables of [{}, SECRET, { PUBLIC_URL: "https://veo.test" }, { AUTH_MODE: "" }])
      expect(problemsOf(variables).join()).toMatch(/ACEDATACLOUD_API_TOKEN.*MCP_ACCESS_KEY/);
  });

  it("has what it needs: the lists in small letters, and the defaults of the providers", () => {
    expect(
      configured({
        ...TOKEN,
        ...GITHUB,
        ALLOWED_GITHUB_USERS: "Ada, id:42,\nBOB,",
        ALLOWED_GITHUB_ORGS: " Acme ",
      }),
    ).toMatchObject({
      upstreamToken: TOKEN.ACEDATACLOUD_API_TOKEN,
      access: {
        mode: "team",
        serviceKey: undefined,
        provider: {
          kind: "github",
          baseUrl: "https://github.com",
          apiBaseUrl: "https://api.github.com",
          users: ["ada", "id:42", "bob"],
          orgs: ["acme"],
        },
      },
    });
    expect(configured({ ...ACEDATA })).toMatchObject({
      upstreamToken: undefined,
      access: {
        provider: {
          authBaseUrl: "https://auth.acedata.cloud",
          platformBaseUrl: "https://platform.acedata.cloud",
        },
      },
    });
  });

  it.each([
    ["https://issuer.test", {}, false, false],
    ["https://issuer.test", { OIDC_EMAIL_VERIFIED: "if-present" }, true, false],
    ["https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/1", {}, true, false],
    ["https://cloudflareaccess.com.evil.test", {}, false, false],
    ["https://evilcloudflareaccess.com", {}, false, false],
    ["https://accounts.google.com", {}, false, true],
    ["https://accounts.google.com.evil.test", {}, false, false],
  ])("asks of addresses from %s with %j what is right there", (OIDC_ISSUER, others, mayOmit, needsHd) => {
    const { access } = configured({ ...TOKEN, ...OIDC, ...EMAILS, ...others, OIDC_ISSUER });
    expect(access).toMatchObject({
      provider: { issuer: OIDC_ISSUER, mayOmitEmailVerified: mayOmit, needsHostedDomain: needsHd },
    });
  });
});

describe("the epoch of a deployment", () => {
  const epochOf = (variables: Variables) => configured(variables).epoch;
  const PERSONAL = { ...TOKEN, ...KEY };
  const AT_GITHUB = { ...TOKEN, ...GITHUB, ...USERS };
  const AT_OIDC = { ...TOKEN, ...OIDC, ...EMAILS };

  it.each<[string, Variables, Variables]>([
    ["the access key", PERSONAL, { MCP_ACCESS_KEY: "another-access-key-0123456789" }],
    ["a service key that there was not", AT_GITHUB, KEY],
    ["the app at GitHub", AT_GITHUB, { GITHUB_CLIENT_ID: "another" }],
    ["the GitHub", AT_GITHUB, { GITHUB_BASE_URL: "https://ghe.test" }],
    [
      "the GitHub's API, which says who somebody is",
      AT_GITHUB,
      { GITHUB_API_BASE_URL: "https://ghe.test/api/v3" },
    ],
    ["the issuer", AT_OIDC, { OIDC_ISSUER: "https://another-issuer.test" }],
    ["the app at the issuer", AT_OIDC, { OIDC_CLIENT_ID: "another" }],
    ["the app at AceDataCloud", ACEDATA, { ACEDATACLOUD_OAUTH_CLIENT_ID: "another" }],
    ["the login of AceDataCloud", ACEDATA, { ACEDATACLOUD_AUTH_BASE_URL: "https://auth.test" }],
    ["the platform of AceDataCloud", ACEDATA, { ACEDATACLOUD_PLATFORM_BASE_URL: "https://platform.test" }],
  ])("changes with %s", (_, variables, changed) => {
    expect(epochOf({ ...variables, ...changed })).not.toBe(epochOf(variables));
  });

  it("is another one in every mode", () => {
    const every = [PERSONAL, AT_GITHUB, AT_OIDC, ACEDATA, { AUTH_MODE: "passthrough" }];
    expect(new Set(every.map(epochOf)).size).toBe(every.length);
  });

  it.each<[string, Variables, Variables]>([
    ["the upstream's token", PERSONAL, { ACEDATACLOUD_API_TOKEN: "another" }],
    ["SECRET_KEY", PERSONAL, SECRET],
    ["naming the mode", PERSONAL, { AUTH_MODE: "personal" }],
    ["the people at GitHub", AT_GITHUB, { ALLOWED_GITHUB_USERS: "another" }],
    ["the organisations", AT_GITHUB, ORGS],
    ["the secret of the app at GitHub", AT_GITHUB, { GITHUB_CLIENT_SECRET: "another" }],
    ["naming the GitHub", AT_GITHUB, { GITHUB_BASE_URL: "https://github.com/" }],
    ["the addresses", AT_OIDC, { ALLOWED_EMAILS: "another@example.com" }],
    ["the domains", AT_OIDC, DOMAINS],
    ["the secret of the app at the issuer", AT_OIDC, { OIDC_CLIENT_SECRET: "another" }],
    ["a line break behind the issuer", AT_OIDC, { OIDC_ISSUER: `${OIDC.OIDC_ISSUER}\n` }],
    ["what verification is asked for", AT_OIDC, { OIDC_EMAIL_VERIFIED: "if-present" }],
    [
      "everything else",
      PERSONAL,
      {
        PUBLIC_URL: "https://veo.test",
        ACEDATACLOUD_API_BASE_URL: "https://upstream.test",
        VEO_DEFAULT_MODEL: "veo31",
        VEO_REQUEST_TIMEOUT: "10",
        VEO_DISABLED_TOOLS: "veo_reshoot",
        ALLOWED_ORIGINS: "https://a.test",
        MCP_SERVER_NAME: "mine",
        TASK_RETENTION_DAYS: "3",
        LOG_LEVEL: "debug",
      },
    ],
  ])("does not change with %s", (_, variables, changed) => {
    expect(epochOf({ ...variables, ...changed })).toBe(epochOf(variables));
  });
});
