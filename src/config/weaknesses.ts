import type { AuthMode } from "./access.ts";
import type { Configuration } from "./configuration.ts";

/** Shorter keys are accepted, but 24 random bytes are as easy to make. */
const GOOD_KEY_CHARS = 32;

/** What else comes of having no `SECRET_KEY`. */
const WITHOUT_SECRET_KEY: Record<AuthMode, string> = {
  personal:
    " And strangers who guess at the sign-in page can lock you out of it for as long as they go on; header keys are not affected.",
  team: "",
  passthrough:
    " And no key is kept while a video is made, so tasks are brought up to date only when their owner asks.",
  acedata:
    " And no key is kept while a video is made, so tasks are brought up to date only when their owner asks.",
};

/**
 * What works, and is weaker than it could be: for the operator, before a deploy. By variable name and never by value.
 * @param hasRateLimit whether the `AUTH_RATE_LIMIT` binding is configured.
 */
export function weaknesses(configuration: Configuration, hasRateLimit: boolean): string[] {
  const { access, secretKey, publicOrigin } = configuration;
  const found: string[] = [];
  if (secretKey === undefined)
    found.push(
      `SECRET_KEY is not set: the upstream cannot ring when a video is done, so it is asked more often.${WITHOUT_SECRET_KEY[access.mode]}`,
    );
  if (publicOrigin === undefined)
    found.push(
      "PUBLIC_URL is not set: the server answers under every host name that leads to it, workers.dev included, and a sign-in counts only under the one it was made with.",
    );
  if (!hasRateLimit)
    found.push("The AUTH_RATE_LIMIT binding is missing in wrangler.toml: nothing is limited by address.");
  const key =
    access.mode === "personal" ? access.accessKey : access.mode === "team" ? access.serviceKey : undefined;
  if (key !== undefined && key.length < GOOD_KEY_CHARS)
    found.push(`MCP_ACCESS_KEY has fewer than ${GOOD_KEY_CHARS} characters: try \`openssl rand -hex 24\`.`);
  if (access.mode === "personal" && access.accessKey === configuration.upstreamToken)
    found.push(
      "MCP_ACCESS_KEY is the same as ACEDATACLOUD_API_TOKEN: every client then holds the token itself. Make a key of its own.",
    );
  if (access.mode === "team") found.push(...teamWeaknesses(access));
  return found;
}

function teamWeaknesses({ provider }: Extract<Configuration["access"], { mode: "team" }>): string[] {
  const found: string[] = [];
  if (provider.kind === "github" && provider.users.some((user) => !user.startsWith("id:")))
    found.push(
      "ALLOWED_GITHUB_USERS has logins: one that is given up can be taken by somebody else. `id:12345` names a person for good.",
    );
  if (provider.kind === "github" && provider.orgs.length > 0)
    found.push(
      "ALLOWED_GITHUB_ORGS is checked at sign-in: whoever leaves the organisation is out within 7 days.",
    );
  if (provider.kind === "oidc" && provider.needsHostedDomain && provider.emails.length > 0)
    found.push(
      "ALLOWED_EMAILS counts for any Google account with that address, one of its owner's own making too: it stays good when an employer takes the address back.",
    );
  if (provider.kind === "oidc" && provider.mayOmitEmailVerified)
    found.push(
      "Addresses count without a word about their verification: right only where the provider's administrators decide who has one.",
    );
  return found;
}
