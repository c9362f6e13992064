import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/agent/settings.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import type { Variables } from "../../src/config/variables.ts";

/** Values that no message may repeat. */
const TOKEN = { ACEDATACLOUD_API_TOKEN: "value-of-the-token" };
const KEY = { MCP_ACCESS_KEY: "value-of-the-access-key" };
const GITHUB = { GITHUB_CLIENT_ID: "value-of-github-id", GITHUB_CLIENT_SECRET: "value-of-github-secret" };
const USERS = { ALLOWED_GITHUB_USERS: "value-of-users" };
const ORGS = { ALLOWED_GITHUB_ORGS: "value-of-orgs" };
const OIDC = {
  OIDC_ISSUER: "https://value-of-issuer.test",
  OIDC_CLIENT_ID: "value-of-oidc-id",
  OIDC_CLIENT_SECRET: "value-of-oidc-secret",
};
const EMAILS = { ALLOWED_EMAILS: "value@of-emails.test" };
const DOMAINS = { ALLOWED_EMAIL_DOMAINS: "value-of-domains.test" };
const ACEDATA = { ACEDATACLOUD_OAUTH_CLIENT_ID: "value-of-acedata-id" };
const SECRET = { SECRET_KEY: "value-of-the-secret-key-0123456789" };

const configured = (variables: Variables): Configuration => {
  const settings = readSettings(variables);
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings.configuration;
};
const problemsOf = (variables: Variables): string[] => {
  const settings = readSettings(variables);
  return settings.ok ? [] : settings.problems;
};

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
        ALLOWED_GITHUB_USERS: "Ada, id:42\nBOB",
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

describe("what is wrong with a deployment", () => {
  /** Each problem begins with the variable to change, or says which of several. */
  it.each<[string, Variables, string[]]>([
    ["nothing is set", {}, ["ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY"]],
    ["only the token is set, so the door would be open", TOKEN, ["MCP_ACCESS_KEY"]],
    ["only the key is set", KEY, ["ACEDATACLOUD_API_TOKEN"]],
    ["the mode is unknown", { ...TOKEN, ...KEY, AUTH_MODE: "value-of-mode" }, ["AUTH_MODE"]],
    ["the mode is in capitals", { ...TOKEN, ...KEY, AUTH_MODE: "Personal" }, ["AUTH_MODE"]],
    [
      "variables of the other modes are set in personal",
      {
        ...TOKEN,
        ...KEY,
        ...GITHUB,
        ...USERS,
        ...ORGS,
        ...OIDC,
        ...EMAILS,
        ...DOMAINS,
        ...ACEDATA,
        AUTH_MODE: "personal",
      },
      [
        "GITHUB_CLIENT_ID",
        "GITHUB_CLIENT_SECRET",
        "ALLOWED_GITHUB_USERS",
        "ALLOWED_GITHUB_ORGS",
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "ALLOWED_EMAILS",
        "ALLOWED_EMAIL_DOMAINS",
        "ACEDATACLOUD_OAUTH_CLIENT_ID",
      ],
    ],
    [
      "an allow-list is set and no provider, so that it guards nothing",
      { ...TOKEN, ...KEY, ...EMAILS },
      ["ALLOWED_EMAILS"],
    ],
    [
      "a team has no provider",
      { ...TOKEN, ...USERS, AUTH_MODE: "team" },
      ["GITHUB_CLIENT_ID or OIDC_ISSUER"],
    ],
    [
      "a team has nothing",
      { AUTH_MODE: "team" },
      ["ACEDATACLOUD_API_TOKEN", "GITHUB_CLIENT_ID or OIDC_ISSUER"],
    ],
    [
      "a team has two providers",
      { ...TOKEN, ...GITHUB, ...USERS, ...OIDC, ...EMAILS },
      ["GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET"],
    ],
    [
      "a team has one provider and what is left of another",
      { ...TOKEN, GITHUB_CLIENT_SECRET: "value-of-github-secret", ...OIDC, ...EMAILS },
      ["GITHUB_CLIENT_SECRET, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET"],
    ],
    [
      "a team at GitHub has no rule",
      { ...TOKEN, ...GITHUB },
      ["ALLOWED_GITHUB_USERS or ALLOWED_GITHUB_ORGS"],
    ],
    [
      "the rules of a team name nobody",
      { ...TOKEN, ...GITHUB, ALLOWED_GITHUB_USERS: " ,", ALLOWED_GITHUB_ORGS: "\n" },
      ["ALLOWED_GITHUB_USERS or ALLOWED_GITHUB_ORGS"],
    ],
    [
      "a team at GitHub has everything to add",
      { GITHUB_CLIENT_ID: "value-of-github-id", ...EMAILS, ...DOMAINS },
      [
        "ACEDATACLOUD_API_TOKEN",
        "GITHUB_CLIENT_SECRET",
        "ALLOWED_GITHUB_USERS or ALLOWED_GITHUB_ORGS",
        "ALLOWED_EMAILS",
        "ALLOWED_EMAIL_DOMAINS",
      ],
    ],
    [
      "a team with OpenID has everything to add",
      { OIDC_ISSUER: "https://value-of-issuer.test", ...USERS, ...ORGS, ...ACEDATA },
      [
        "ACEDATACLOUD_API_TOKEN",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "ALLOWED_EMAILS or ALLOWED_EMAIL_DOMAINS",
        "ALLOWED_GITHUB_USERS",
        "ALLOWED_GITHUB_ORGS",
        "ACEDATACLOUD_OAUTH_CLIENT_ID",
      ],
    ],
    [
      "Google may leave verification out, and something else is wrong too",
      {
        ...TOKEN,
        ...OIDC,
        ...EMAILS,
        OIDC_ISSUER: "https://accounts.google.com",
        OIDC_EMAIL_VERIFIED: "if-present",
        LOG_LEVEL: "value-of-level",
      },
      ["LOG_LEVEL", "OIDC_EMAIL_VERIFIED"],
    ],
    [
      "the deployment's own secrets are where everybody pays",
      { ...TOKEN, ...KEY, ...GITHUB, ...ACEDATA, AUTH_MODE: "passthrough" },
      [
        "ACEDATACLOUD_API_TOKEN",
        "MCP_ACCESS_KEY",
        "GITHUB_CLIENT_ID",
        "GITHUB_CLIENT_SECRET",
        "ACEDATACLOUD_OAUTH_CLIENT_ID",
      ],
    ],
    [
      "the deployment's own secrets are beside a login of everybody's own",
      { ...TOKEN, ...KEY, ...EMAILS, AUTH_MODE: "acedata" },
      ["ACEDATACLOUD_OAUTH_CLIENT_ID", "ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY", "ALLOWED_EMAILS"],
    ],
    [
      "the token is there, and the login of everybody's own",
      { ...TOKEN, ...ACEDATA },
      ["ACEDATACLOUD_API_TOKEN"],
    ],
    [
      "secrets were pasted with what does not belong to them",
      {
        ACEDATACLOUD_API_TOKEN: "value-of-the-token\n",
        MCP_ACCESS_KEY: " value-of-the-access-key",
        GITHUB_CLIENT_ID: "value of github",
        GITHUB_CLIENT_SECRET: "value-of-github-secret\r\n",
        ALLOWED_GITHUB_USERS: "value-of-users,@value,id:0x1",
      },
      [
        "ACEDATACLOUD_API_TOKEN",
        "MCP_ACCESS_KEY",
        "GITHUB_CLIENT_ID",
        "GITHUB_CLIENT_SECRET",
        "ALLOWED_GITHUB_USERS",
      ],
    ],
    [
      "values of OpenID are not what they should be",
      {
        ...TOKEN,
        OIDC_ISSUER: "value-of-issuer.test",
        OIDC_CLIENT_ID: "value of oidc",
        OIDC_CLIENT_SECRET: "value\tof-oidc-secret",
        ALLOWED_EMAILS: "value-of-emails.test value@value@of-emails.test",
        ALLOWED_EMAIL_DOMAINS: "*.value-of-domains.test",
        OIDC_EMAIL_VERIFIED: "value-of-verified",
      },
      [
        "OIDC_ISSUER",
        "OIDC_CLIENT_ID",
        "OIDC_CLIENT_SECRET",
        "ALLOWED_EMAILS",
        "ALLOWED_EMAIL_DOMAINS",
        "OIDC_EMAIL_VERIFIED",
      ],
    ],
    [
      "an issuer is not protected",
      { ...TOKEN, ...OIDC, ...EMAILS, OIDC_ISSUER: "http://value-of-issuer.test" },
      ["OIDC_ISSUER"],
    ],
    [
      "an issuer has a query",
      { ...TOKEN, ...OIDC, ...EMAILS, OIDC_ISSUER: "https://value.test/?value=of-issuer" },
      ["OIDC_ISSUER"],
    ],
    [
      "an issuer has a password",
      { ...TOKEN, ...OIDC, ...EMAILS, OIDC_ISSUER: "https://value:of@issuer.test" },
      ["OIDC_ISSUER"],
    ],
    [
      "addresses of GitHub are not what they should be",
      {
        ...TOKEN,
        ...GITHUB,
        ...USERS,
        GITHUB_BASE_URL: "http://value.test",
        GITHUB_API_BASE_URL: "https://value.test/?value",
      },
      ["GITHUB_BASE_URL", "GITHUB_API_BASE_URL"],
    ],
    [
      "addresses of AceDataCloud are not what they should be",
      {
        ...ACEDATA,
        ACEDATACLOUD_AUTH_BASE_URL: "value",
        ACEDATACLOUD_PLATFORM_BASE_URL: "https://value:value@value.test",
      },
      ["ACEDATACLOUD_AUTH_BASE_URL", "ACEDATACLOUD_PLATFORM_BASE_URL"],
    ],
  ])("is all said at once, by name and never by value, when %s", (_, variables, names) => {
    const problems = problemsOf(variables);
    expect(problems.map((problem) => /^[A-Z_]+(?:(?:, | or )[A-Z_]+)*/.exec(problem)?.[0])).toEqual(names);
    expect(problems.join()).not.toMatch(/value/);
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
