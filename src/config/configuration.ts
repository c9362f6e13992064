import { createHash } from "node:crypto";
import { z } from "zod";
import { LOG_LEVELS } from "../log.ts";
import { type Access, AUTH_MODES, type AuthMode, accessProblems, authModeOf, identityOf } from "./access.ts";
import { type Limits, limitVariables } from "./limits.ts";
import {
  baseUrl,
  bearerToken,
  emailAddress,
  emailDomain,
  githubOrg,
  githubUser,
  issuerUrl,
  listOf,
  oneWord,
  origin,
  webUrl,
  wholeNumber,
} from "./values.ts";
import type { VariableName, Variables } from "./variables.ts";

/** The one door to configuration: every variable is read here, once, and a wrong one is a problem with a name. */

const CALLBACK_POLICIES = ["auto", "on", "off"] as const;

/** The values of the variables, each by itself. What the tools know is handed in, so that this stays a leaf. */
const variablesSchema = (known: Known) =>
  z.object({
    AUTH_MODE: z.enum(AUTH_MODES, `must be one of ${AUTH_MODES.join(", ")}`).optional(),
    ACEDATACLOUD_API_TOKEN: oneWord.optional(),
    MCP_ACCESS_KEY: bearerToken.optional(),
    SECRET_KEY: z.string().min(32, "must be at least 32 characters (try `openssl rand -hex 32`)").optional(),
    PUBLIC_URL: origin.optional(),
    GITHUB_CLIENT_ID: oneWord.optional(),
    GITHUB_CLIENT_SECRET: oneWord.optional(),
    ALLOWED_GITHUB_USERS: listOf(githubUser).prefault(""),
    ALLOWED_GITHUB_ORGS: listOf(githubOrg).prefault(""),
    GITHUB_BASE_URL: baseUrl.prefault("https://github.com"),
    GITHUB_API_BASE_URL: baseUrl.prefault("https://api.github.com"),
    OIDC_ISSUER: issuerUrl.optional(),
    OIDC_CLIENT_ID: oneWord.optional(),
    OIDC_CLIENT_SECRET: oneWord.optional(),
    ALLOWED_EMAILS: listOf(emailAddress).prefault(""),
    ALLOWED_EMAIL_DOMAINS: listOf(emailDomain).prefault(""),
    OIDC_EMAIL_VERIFIED: z
      .enum(["required", "if-present"], "must be `required` or `if-present`")
      .default("required"),
    ACEDATACLOUD_OAUTH_CLIENT_ID: oneWord.optional(),
    ACEDATACLOUD_AUTH_BASE_URL: baseUrl.prefault("https://auth.acedata.cloud"),
    ACEDATACLOUD_PLATFORM_BASE_URL: baseUrl.prefault("https://platform.acedata.cloud"),
    ACEDATACLOUD_API_BASE_URL: webUrl.prefault("https://api.acedata.cloud"),
    VEO_DEFAULT_MODEL: z
      .enum(known.models, `must be one of ${known.models.join(", ")}`)
      .prefault("veo31-fast"),
    VEO_REQUEST_TIMEOUT: wholeNumber(1, 60).prefault("30"),
    VEO_DISABLED_TOOLS: listOf(z.enum(known.tools, `must name tools: ${known.tools.join(", ")}`)).prefault(
      "",
    ),
    ALLOWED_ORIGINS: listOf(origin).prefault(""),
    CALLBACKS: z.enum(CALLBACK_POLICIES, `must be one of ${CALLBACK_POLICIES.join(", ")}`).default("auto"),
    ...limitVariables(known.priceKeys),
    MCP_SERVER_NAME: z
      .string()
      .regex(/^[\w .-]{1,64}$/, "must be 1 to 64 letters, digits, spaces and ._-")
      .default("veo"),
    TASK_RETENTION_DAYS: wholeNumber(1, 3650).prefault("90"),
    LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
  } satisfies Record<VariableName, z.ZodType>);

interface Known {
  models: readonly string[];
  tools: readonly string[];
  /** Everything that can have a price. */
  priceKeys: readonly string[];
  /** The prices that are published. */
  prices: Readonly<Record<string, number>>;
}
type Values = z.output<ReturnType<typeof variablesSchema>>;

/** A deployment's settings, checked. */
export interface Configuration {
  access: Access;
  /** Changes with the mode, the access key and the identity provider: what was signed in before is then out. */
  epoch: string;
  /** The deployment's own token; absent where everybody pays for themselves. */
  upstreamToken: string | undefined;
  secretKey: string | undefined;
  upstreamBaseUrl: string;
  defaultModel: string;
  requestTimeoutMs: number;
  disabledTools: readonly string[];
  publicOrigin: string | undefined;
  allowedOrigins: readonly string[];
  /** Whether the upstream is given an address to ring at when a task is over. */
  callbacks: Values["CALLBACKS"];
  limits: Limits;
  serverName: string;
  retentionMs: number;
  logLevel: Values["LOG_LEVEL"];
}

export type ConfigurationResult =
  | { ok: true; configuration: Configuration }
  | { ok: false; problems: string[] };

const DAY_MS = 86_400_000;

/**
 * Reads the variables of a deployment. Never throws: at the first deploy no secret exists yet.
 * @returns the settings, or every problem at once, by variable name and never by value.
 */
export function readConfiguration(variables: Variables, known: Known): ConfigurationResult {
  // An empty variable is one that was not set: that is how `.env` files and dashboards leave it.
  const set: Record<string, unknown> = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== "" && value !== undefined),
  );
  const named = z.enum(AUTH_MODES).safeParse(set.AUTH_MODE).data;
  // A list of nothing but separators is no rule either.
  const isSet = (name: VariableName) => name in set && !/^[\s,]*$/.test(String(set[name]));
  const mode = authModeOf(named, isSet);
  const parsed = variablesSchema(known).safeParse(set);
  const problems = [
    ...(parsed.success ? [] : parsed.error.issues.map(problem)),
    // What a mode needs can be said of a mode that there is.
    ...(named === undefined && "AUTH_MODE" in set ? [] : accessProblems(mode, isSet)),
    ...issuerProblems(set),
    ...(set.CALLBACKS === "on" && !isSet("SECRET_KEY")
      ? ["CALLBACKS cannot be `on` without SECRET_KEY, from which the addresses are made"]
      : []),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems: [...new Set(problems)] };
  const values = parsed.data;
  const access = readAccess(mode, values);
  return {
    ok: true,
    configuration: {
      access,
      epoch: epochOf(access, values.MCP_ACCESS_KEY),
      upstreamToken: values.ACEDATACLOUD_API_TOKEN,
      secretKey: values.SECRET_KEY,
      upstreamBaseUrl: values.ACEDATACLOUD_API_BASE_URL.href,
      defaultModel: values.VEO_DEFAULT_MODEL,
      requestTimeoutMs: values.VEO_REQUEST_TIMEOUT * 1000,
      disabledTools: values.VEO_DISABLED_TOOLS,
      publicOrigin: values.PUBLIC_URL,
      allowedOrigins: values.ALLOWED_ORIGINS,
      callbacks: values.CALLBACKS,
      limits: {
        account: { inFlight: values.MAX_TASKS_IN_FLIGHT, perDay: values.DAILY_GENERATION_LIMIT },
        deployment: {
          inFlight: values.TEAM_MAX_TASKS_IN_FLIGHT,
          perDay: values.TEAM_DAILY_GENERATION_LIMIT,
          creditsPerDay: values.MAX_CREDITS_PER_DAY,
        },
        prices: { ...known.prices, ...values.VEO_PRICES },
      },
      serverName: values.MCP_SERVER_NAME,
      retentionMs: values.TASK_RETENTION_DAYS * DAY_MS,
      logLevel: values.LOG_LEVEL,
    },
  };
}

const isGoogle = (issuer: string) => new URL(issuer).hostname === "accounts.google.com";
/** Its administrators decide who has an address there, and it never sends the claim. */
const isCloudflareAccess = (issuer: string) => new URL(issuer).hostname.endsWith(".cloudflareaccess.com");

/**
 * Entra's addresses for all of its tenants together: the administrator of any of them can write any address into an
 * account, and `openid-client` lets every tenant's tokens pass there.
 */
const isEveryTenant = (issuer: string) => {
  const { hostname, pathname } = new URL(issuer);
  const isEntra = /^login\.(microsoftonline|partner\.microsoftonline)\./.test(hostname);
  return isEntra && !/^\/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}(\/|$)/i.test(pathname);
};

/** Of the variables as they came: what is wrong with another one must not hide this. */
const issuerProblems = ({ OIDC_ISSUER, OIDC_EMAIL_VERIFIED }: Variables): string[] => {
  const issuer = issuerUrl.safeParse(OIDC_ISSUER);
  if (issuer.success && isEveryTenant(issuer.data))
    return [
      "OIDC_ISSUER must name one tenant by its id: with every tenant, everybody at Entra could come in",
    ];
  return issuer.success && OIDC_EMAIL_VERIFIED === "if-present" && isGoogle(issuer.data)
    ? ["OIDC_EMAIL_VERIFIED must be `required` with a public issuer such as Google"]
    : [];
};

function readAccess(mode: AuthMode, values: Values): Access {
  switch (mode) {
    case "personal":
      return { mode, accessKey: given(values.MCP_ACCESS_KEY) };
    case "team":
      return { mode, serviceKey: values.MCP_ACCESS_KEY, provider: readProvider(values) };
    case "passthrough":
      return { mode };
    case "acedata":
      return {
        mode,
        provider: {
          kind: "acedata",
          clientId: given(values.ACEDATACLOUD_OAUTH_CLIENT_ID),
          authBaseUrl: values.ACEDATACLOUD_AUTH_BASE_URL,
          platformBaseUrl: values.ACEDATACLOUD_PLATFORM_BASE_URL,
        },
      };
  }
}

/** What `accessProblems` has made sure of. An empty text in its place would be a key that anybody can type. */
function given(value: string | undefined): string {
  if (value === undefined) throw new Error("A required variable is not set, and no problem was reported");
  return value;
}

function readProvider(values: Values): Extract<Access, { mode: "team" }>["provider"] {
  if (values.GITHUB_CLIENT_ID !== undefined)
    return {
      kind: "github",
      clientId: values.GITHUB_CLIENT_ID,
      clientSecret: given(values.GITHUB_CLIENT_SECRET),
      baseUrl: values.GITHUB_BASE_URL,
      apiBaseUrl: values.GITHUB_API_BASE_URL,
      users: values.ALLOWED_GITHUB_USERS,
      orgs: values.ALLOWED_GITHUB_ORGS,
    };
  const issuer = given(values.OIDC_ISSUER);
  return {
    kind: "oidc",
    issuer,
    clientId: given(values.OIDC_CLIENT_ID),
    clientSecret: given(values.OIDC_CLIENT_SECRET),
    emails: values.ALLOWED_EMAILS,
    domains: values.ALLOWED_EMAIL_DOMAINS,
    mayOmitEmailVerified: values.OIDC_EMAIL_VERIFIED === "if-present" || isCloudflareAccess(issuer),
    needsHostedDomain: isGoogle(issuer),
  };
}

function epochOf(access: Access, accessKey: string | undefined): string {
  const provider = "provider" in access ? identityOf(access.provider) : "";
  const text = JSON.stringify([access.mode, accessKey ?? "", provider]);
  return createHash("sha256").update(`epoch:${text}`).digest("hex").slice(0, 32);
}

/** Our own words only: zod's might quote the value, which may be a secret. */
const problem = (issue: z.core.$ZodIssue): string => `${String(issue.path[0])} ${issue.message}`;
