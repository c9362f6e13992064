import { readSettings } from "../../src/agent/settings.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import type { Variables } from "../../src/config/variables.ts";

/** Variables that belong together. Their values are such that no message may repeat them. */
export const TOKEN = { ACEDATACLOUD_API_TOKEN: "value-of-the-token" };
export const KEY = { MCP_ACCESS_KEY: "value-of-the-access-key" };
export const GITHUB = {
  GITHUB_CLIENT_ID: "value-of-github-id",
  GITHUB_CLIENT_SECRET: "value-of-github-secret",
};
export const USERS = { ALLOWED_GITHUB_USERS: "value-of-users" };
export const ORGS = { ALLOWED_GITHUB_ORGS: "value-of-orgs" };
export const OIDC = {
  OIDC_ISSUER: "https://value-of-issuer.test",
  OIDC_CLIENT_ID: "value-of-oidc-id",
  OIDC_CLIENT_SECRET: "value-of-oidc-secret",
};
export const EMAILS = { ALLOWED_EMAILS: "value@of-emails.test" };
export const DOMAINS = { ALLOWED_EMAIL_DOMAINS: "value-of-domains.test" };
export const ACEDATA = { ACEDATACLOUD_OAUTH_CLIENT_ID: "value-of-acedata-id" };
export const SECRET = { SECRET_KEY: "value-of-the-secret-key-0123456789" };

/** The settings of a deployment that has no problem. */
export function configured(variables: Variables): Configuration {
  const settings = readSettings(variables);
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings.configuration;
}

/** What is wrong with a deployment. */
export function problemsOf(variables: Variables): string[] {
  const settings = readSettings(variables);
  return settings.ok ? [] : settings.problems;
}
