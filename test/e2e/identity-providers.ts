import { createFakeAcedata } from "../identity/fake-acedata.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { serveIdentity } from "../identity/node-server.ts";
import { startOidcServer } from "../identity/oidc-server.ts";
import type { Deployment } from "./server.ts";

/** The API key of the person who signs in at AceDataCloud. */
export const ACEDATA_KEY = "acedata-key-of-the-e2e-tests-0123456789";

/** Where people sign in, one person at each, and the variables with which a deployment sends them there. */
export interface IdentityProviders {
  readonly github: Deployment;
  readonly oidc: Deployment;
  readonly acedata: Deployment;
  /** Stops them, and fails when one of them was asked for what the real one does not have. */
  stop(): Promise<void>;
}

export async function startIdentityProviders(): Promise<IdentityProviders> {
  const github = createFakeGithub();
  const acedata = createFakeAcedata();
  const servers = await Promise.all([serveIdentity(github), serveIdentity(acedata)]);
  const oidc = await startOidcServer();
  github.signInAs({ id: 7, login: "ada", memberships: { "the-team": "active" } });
  oidc.signInAs({ sub: "ada", email: "ada@team.example.com", email_verified: true });
  acedata.signInAs({ userId: "ada", credentials: [ACEDATA_KEY] });
  return {
    github: {
      GITHUB_CLIENT_ID: github.client.id,
      GITHUB_CLIENT_SECRET: github.client.secret,
      GITHUB_BASE_URL: github.webUrl,
      GITHUB_API_BASE_URL: github.apiUrl,
      ALLOWED_GITHUB_ORGS: "the-team",
    },
    oidc: {
      OIDC_ISSUER: oidc.issuer,
      OIDC_CLIENT_ID: oidc.client.id,
      OIDC_CLIENT_SECRET: oidc.client.secret,
      ALLOWED_EMAIL_DOMAINS: "team.example.com",
    },
    acedata: {
      ACEDATACLOUD_OAUTH_CLIENT_ID: acedata.client.id,
      ACEDATACLOUD_AUTH_BASE_URL: acedata.authUrl,
      ACEDATACLOUD_PLATFORM_BASE_URL: acedata.platformUrl,
    },
    async stop() {
      await Promise.all([...servers.map((server) => server.close()), oidc.stop()]);
      const unexpected = [...github.unexpected, ...acedata.unexpected];
      if (unexpected.length > 0) throw new Error(`Unexpected requests: ${unexpected.join(", ")}`);
    },
  };
}
