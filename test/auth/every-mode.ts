import { readSettings } from "../../src/agent/settings.ts";
import type { Configuration } from "../../src/config/configuration.ts";

/** What no page may show. */
export const SECRETS = {
  ACEDATACLOUD_API_TOKEN: "upstream-token-never-shown",
  MCP_ACCESS_KEY: "access-key-never-shown",
  GITHUB_CLIENT_SECRET: "github-secret-never-shown",
  OIDC_CLIENT_SECRET: "oidc-secret-never-shown",
  SECRET_KEY: "secret-key-never-shown-0123456789",
};
const { ACEDATACLOUD_API_TOKEN, MCP_ACCESS_KEY, GITHUB_CLIENT_SECRET, OIDC_CLIENT_SECRET, SECRET_KEY } =
  SECRETS;
const OWN = { ACEDATACLOUD_API_TOKEN, MCP_ACCESS_KEY, SECRET_KEY };

function configured(variables: Record<string, string>): Configuration {
  const settings = readSettings(variables);
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings.configuration;
}

/** A deployment of each mode, and for a team one with each kind of provider. */
export const EVERY_MODE = {
  PERSONAL: configured(OWN),
  GITHUB: configured({
    ...OWN,
    GITHUB_CLIENT_ID: "github-client",
    GITHUB_CLIENT_SECRET,
    ALLOWED_GITHUB_USERS: "octocat",
  }),
  OIDC: configured({
    ACEDATACLOUD_API_TOKEN,
    OIDC_ISSUER: "https://login.example/realms/video",
    OIDC_CLIENT_ID: "oidc-client",
    OIDC_CLIENT_SECRET,
    ALLOWED_EMAILS: "ada@example.com",
  }),
  PASSTHROUGH: configured({ AUTH_MODE: "passthrough", SECRET_KEY }),
  ACEDATA: configured({ ACEDATACLOUD_OAUTH_CLIENT_ID: "ace-client", SECRET_KEY }),
};
