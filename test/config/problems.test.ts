import { describe, expect, it } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import {
  ACEDATA,
  DOMAINS,
  EMAILS,
  GITHUB,
  KEY,
  OIDC,
  ORGS,
  problemsOf,
  TOKEN,
  USERS,
} from "./deployments.ts";

describe("what is wrong with a deployment", () => {
  /** Each problem begins with the variable to change, or says which of several. */
  it.each<[string, Variables, string[]]>([
    ["nothing is set", {}, ["ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY"]],
    ["only the token is set, so the door would be open", TOKEN, ["MCP_ACCESS_KEY"]],
    ["only the key is set", KEY, ["ACEDATACLOUD_API_TOKEN"]],
    ["the mode is unknown", { ...TOKEN, ...KEY, AUTH_MODE: "value-of-mode" }, ["AUTH_MODE"]],
    [
      "the mode is unknown, so that nobody knows what else it needs",
      { AUTH_MODE: "value-of-mode", ...USERS, GITHUB_CLIENT_ID: "value-of-github-id" },
      ["AUTH_MODE"],
    ],
    ...["organizations", "common", "consumers", ""].map((tenant): [string, Variables, string[]] => [
      `the issuer is that of every tenant at Entra (${tenant})`,
      { ...TOKEN, ...OIDC, ...DOMAINS, OIDC_ISSUER: `https://login.microsoftonline.com/${tenant}/v2.0` },
      ["OIDC_ISSUER"],
    ]),
    [
      "the issuer is one tenant's, which is right",
      {
        ...TOKEN,
        ...OIDC,
        ...DOMAINS,
        OIDC_ISSUER: "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        OIDC_EMAIL_VERIFIED: "if-present",
      },
      [],
    ],
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
        ALLOWED_EMAILS: "value-of-emails.test, value@value@of-emails.test",
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
      "a name of two words would be those of two others",
      {
        ...TOKEN,
        ...GITHUB,
        ALLOWED_GITHUB_USERS: "value\nof-users",
        ALLOWED_GITHUB_ORGS: "Value Corp, of-orgs",
      },
      ["ALLOWED_GITHUB_USERS", "ALLOWED_GITHUB_ORGS"],
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

describe("what is said of a value that is wrong", () => {
  it.each(["ALLOWED_GITHUB_ORGS", "ALLOWED_GITHUB_USERS"])(
    "is how %s is written, where it could be read as other names",
    (name) => {
      expect(problemsOf({ ...TOKEN, ...GITHUB, [name]: "Acme Corp" })).toEqual([
        `${name} must be a list separated by commas, and no entry has a space in it`,
      ]);
    },
  );

  const EVERY_WORD = { ...TOKEN, ...KEY, ...GITHUB, ...USERS };
  it.each([
    "…",
    "...",
    "ghp_…",
    "<your key>",
    "<the-client-secret>",
    "[paste it here]",
    "{{secrets.token}}",
    "your-token",
    "YOUR_ACCESS_KEY_0123456789",
    "xxxxxxxxxxxxxxxxxxxxxxxx",
  ])("is that it looks like a placeholder, once for each variable: %s", (value) => {
    const names = ["ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"];
    const problems = problemsOf({ ...EVERY_WORD, ...Object.fromEntries(names.map((name) => [name, value])) });
    expect(problems).toEqual(
      names.map((name) => `${name} looks like a placeholder: put the real value in its place`),
    );
  });

  it.each(["two words", "pasted\n", "caf\u00e9-0123456789-0123456789"])(
    "is what letters it may have, where it looks like a value: %j",
    (value) => {
      expect(problemsOf({ ...EVERY_WORD, GITHUB_CLIENT_SECRET: value })).toEqual([
        "GITHUB_CLIENT_SECRET must be one line of ASCII letters, digits and signs, without a space",
      ]);
    },
  );

  it.each(["a...b-0123456789-0123456789", "your0123456789-0123456789", "my-own-key-0123456789"])(
    "is nothing where a key only resembles one: %s",
    (MCP_ACCESS_KEY) => {
      expect(problemsOf({ ...TOKEN, MCP_ACCESS_KEY })).toEqual([]);
    },
  );
});
