import { z } from "zod";
import { LOG_LEVELS } from "../log.ts";
import type { VariableName, Variables } from "./variables.ts";

/** The one door to configuration: every variable is read here, once, and a wrong one is a problem with a name. */

/** RFC 6750, section 2.1: what fits an Authorization header. */
const bearerToken = z
  .string()
  .regex(
    /^[\w.~+/=-]{16,512}$/,
    "must be 16 to 512 characters of letters, digits and ._~+/=- (try `openssl rand -hex 24`)",
  );
/** Whether a host name means this machine. */
export const isLoopback = (hostname: string) =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
const webUrl = z
  .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
  .transform((text) => new URL(text))
  .refine(
    (url) => url.protocol === "https:" || isLoopback(url.hostname),
    "must use https (http is for loopback only)",
  );
const origin = webUrl
  .refine(
    (url) => url.pathname === "/" && url.search === "" && url.hash === "",
    "must be an origin such as https://veo.example.com, without a path",
  )
  .transform((url) => url.origin);
const listOf = <T extends z.ZodType<string, string>>(item: T) =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(item));
const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, `must be a whole number from ${from} to ${to}`)
    .transform(Number)
    .pipe(z.number().min(from, `must be at least ${from}`).max(to, `must be at most ${to}`));

const needed = (name: VariableName) => `is not set: run \`npx wrangler secret put ${name}\``;

/**
 * The schema of the variables. What the tools know (models, tool names) is handed in, so that this stays a leaf.
 */
const variablesSchema = (known: { models: readonly string[]; tools: readonly string[] }) =>
  z.object({
    ACEDATACLOUD_API_TOKEN: z
      .string({ error: needed("ACEDATACLOUD_API_TOKEN") })
      .regex(/^[\x21-\x7e]{1,4096}$/, "must be one line without spaces"),
    MCP_ACCESS_KEY: z.string({ error: needed("MCP_ACCESS_KEY") }).pipe(bearerToken),
    AUTH_MODE: z.literal("personal", "must be `personal`, the only mode so far").default("personal"),
    ACEDATACLOUD_API_BASE_URL: webUrl.prefault("https://api.acedata.cloud"),
    VEO_DEFAULT_MODEL: z
      .enum(known.models, `must be one of ${known.models.join(", ")}`)
      .prefault("veo31-fast"),
    VEO_REQUEST_TIMEOUT: wholeNumber(1, 60).prefault("30"),
    VEO_DISABLED_TOOLS: listOf(z.enum(known.tools, `must name tools: ${known.tools.join(", ")}`)).prefault(
      "",
    ),
    PUBLIC_URL: origin.optional(),
    ALLOWED_ORIGINS: listOf(origin).prefault(""),
    MCP_SERVER_NAME: z
      .string()
      .regex(/^[\w .-]{1,64}$/, "must be 1 to 64 letters, digits, spaces and ._-")
      .default("veo"),
    TASK_RETENTION_DAYS: wholeNumber(1, 3650).prefault("90"),
    LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
  } satisfies Record<VariableName, z.ZodType>);

type Parsed = z.output<ReturnType<typeof variablesSchema>>;

/** A deployment's settings, checked. */
export interface Configuration {
  upstreamToken: string;
  accessKey: string;
  upstreamBaseUrl: string;
  defaultModel: string;
  requestTimeoutMs: number;
  disabledTools: readonly string[];
  publicOrigin: string | undefined;
  allowedOrigins: readonly string[];
  serverName: string;
  retentionMs: number;
  logLevel: Parsed["LOG_LEVEL"];
}

export type ConfigurationResult =
  | { ok: true; configuration: Configuration }
  | { ok: false; problems: string[] };

const DAY_MS = 86_400_000;

/**
 * Reads the variables of a deployment. Never throws: at the first deploy no secret exists yet.
 * @returns the settings, or every problem at once, by variable name and never by value.
 */
export function readConfiguration(
  variables: Variables,
  known: { models: readonly string[]; tools: readonly string[] },
): ConfigurationResult {
  // An empty variable is one that was not set: that is how `.env` files and dashboards leave it.
  const set = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== "" && value !== undefined),
  );
  const parsed = variablesSchema(known).safeParse(set);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map(problem) };
  const values = parsed.data;
  return {
    ok: true,
    configuration: {
      upstreamToken: values.ACEDATACLOUD_API_TOKEN,
      accessKey: values.MCP_ACCESS_KEY,
      upstreamBaseUrl: values.ACEDATACLOUD_API_BASE_URL.href,
      defaultModel: values.VEO_DEFAULT_MODEL,
      requestTimeoutMs: values.VEO_REQUEST_TIMEOUT * 1000,
      disabledTools: values.VEO_DISABLED_TOOLS,
      publicOrigin: values.PUBLIC_URL,
      allowedOrigins: values.ALLOWED_ORIGINS,
      serverName: values.MCP_SERVER_NAME,
      retentionMs: values.TASK_RETENTION_DAYS * DAY_MS,
      logLevel: values.LOG_LEVEL,
    },
  };
}

/** Our own words only: zod's might quote the value, which may be a secret. */
const problem = (issue: z.core.$ZodIssue): string => `${String(issue.path[0])} ${issue.message}`;
