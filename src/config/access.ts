import type { VariableName } from "./variables.ts";

/** Who may come in, and whose credits are spent (auth-design.md, "Modes"). */

export const AUTH_MODES = ["personal", "team", "passthrough", "acedata"] as const;
export type AuthMode = (typeof AUTH_MODES)[number];

export interface GithubProvider {
  kind: "github";
  clientId: string;
  clientSecret: string;
  baseUrl: string;
  apiBaseUrl: string;
  /** In lower case: logins, and numbers as `id:12345`. */
  users: readonly string[];
  orgs: readonly string[];
}

export interface OidcProvider {
  kind: "oidc";
  issuer: string;
  clientId: string;
  clientSecret: string;
  emails: readonly string[];
  domains: readonly string[];
  /** Whether an address may come without a word about its verification. Said to be unverified, it never may. */
  mayOmitEmailVerified: boolean;
  /** Google: only `hd` proves that an address belongs to a Workspace; anybody can have one of a company verified. */
  needsHostedDomain: boolean;
}

export interface AcedataProvider {
  kind: "acedata";
  clientId: string;
  authBaseUrl: string;
  platformBaseUrl: string;
}

export type Access =
  | { mode: "personal"; accessKey: string }
  | { mode: "team"; serviceKey: string | undefined; provider: GithubProvider | OidcProvider }
  | { mode: "passthrough" }
  | { mode: "acedata"; provider: AcedataProvider };

export type IdentityProvider = GithubProvider | OidcProvider | AcedataProvider;

/** What makes an identity provider another one: where people sign in, who says who they are, and as which app. */
export function identityOf(provider: IdentityProvider): string {
  switch (provider.kind) {
    case "github":
      return JSON.stringify([provider.kind, provider.clientId, provider.baseUrl, provider.apiBaseUrl]);
    case "oidc":
      return JSON.stringify([provider.kind, provider.clientId, provider.issuer]);
    case "acedata":
      return JSON.stringify([
        provider.kind,
        provider.clientId,
        provider.authBaseUrl,
        provider.platformBaseUrl,
      ]);
  }
}

/** Whether a variable is set to something. */
type IsSet = (name: VariableName) => boolean;

/**
 * The mode of a deployment: the one that is named, or what the other variables speak for. With nothing set it is
 * `personal`, whose missing secrets are then the problem to report.
 */
export function authModeOf(named: AuthMode | undefined, isSet: IsSet): AuthMode {
  if (named !== undefined) return named;
  if (isSet("GITHUB_CLIENT_ID") || isSet("OIDC_ISSUER")) return "team";
  return isSet("ACEDATACLOUD_OAUTH_CLIENT_ID") ? "acedata" : "personal";
}

const GITHUB: readonly VariableName[] = ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"];
const GITHUB_RULES: readonly VariableName[] = ["ALLOWED_GITHUB_USERS", "ALLOWED_GITHUB_ORGS"];
const OIDC: readonly VariableName[] = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"];
const OIDC_RULES: readonly VariableName[] = ["ALLOWED_EMAILS", "ALLOWED_EMAIL_DOMAINS"];

/** What to do about a variable that a deployment lacks. */
export const howToSet = (name: VariableName): string => `run \`npx wrangler secret put ${name}\``;

/**
 * What does not fit together, by variable name. A variable that would have no effect is a problem when somebody
 * might believe that it guards something.
 */
export function accessProblems(mode: AuthMode, isSet: IsSet): string[] {
  const missing = (names: readonly VariableName[]) =>
    names.filter((name) => !isSet(name)).map((name) => `${name} is not set: ${howToSet(name)}`);
  const misplaced = (names: readonly VariableName[], why: string) =>
    names.filter(isSet).map((name) => `${name} ${why}`);
  const ofTeam = misplaced(
    [...GITHUB, ...GITHUB_RULES, ...OIDC, ...OIDC_RULES],
    `has no effect in \`${mode}\`: remove it, or set AUTH_MODE to \`team\``,
  );
  const ofAcedata = misplaced(
    ["ACEDATACLOUD_OAUTH_CLIENT_ID"],
    `has no effect in \`${mode}\`: remove it, or set AUTH_MODE to \`acedata\``,
  );
  const ofOperator = [
    ...misplaced(
      ["ACEDATACLOUD_API_TOKEN"],
      `is never used in \`${mode}\`, where everybody pays for themselves: delete it, so that it cannot leak`,
    ),
    ...misplaced(["MCP_ACCESS_KEY"], `guards nothing in \`${mode}\`: delete it`),
  ];
  switch (mode) {
    case "personal":
      return [...missing(["ACEDATACLOUD_API_TOKEN", "MCP_ACCESS_KEY"]), ...ofTeam, ...ofAcedata];
    case "team":
      return [...missing(["ACEDATACLOUD_API_TOKEN"]), ...providerProblems(isSet, missing), ...ofAcedata];
    case "passthrough":
      return [...ofOperator, ...ofTeam, ...ofAcedata];
    case "acedata":
      return [...missing(["ACEDATACLOUD_OAUTH_CLIENT_ID"]), ...ofOperator, ...ofTeam];
  }
}

/** A team has exactly one identity provider, and says who of it may come in: nothing is open by accident. */
function providerProblems(isSet: IsSet, missing: (names: readonly VariableName[]) => string[]): string[] {
  const isGithub = GITHUB.some(isSet);
  const isOidc = OIDC.some(isSet);
  if (isGithub && isOidc)
    return [
      `${[...GITHUB, ...OIDC].filter(isSet).join(", ")} belong to two identity providers: a team has exactly one`,
    ];
  if (!isGithub && !isOidc)
    return ["GITHUB_CLIENT_ID or OIDC_ISSUER is needed: `team` signs people in with an identity provider"];
  const [own, rules, others] = isGithub
    ? ([GITHUB, GITHUB_RULES, OIDC_RULES] as const)
    : ([OIDC, OIDC_RULES, GITHUB_RULES] as const);
  return [
    ...missing(own),
    ...(rules.some(isSet)
      ? []
      : [`${rules.join(" or ")} is needed: without a rule everybody at the provider could come in`]),
    ...others.filter(isSet).map((name) => `${name} has no effect with this identity provider: remove it`),
  ];
}
