/**
 * What a deployment can set, as the runtime hands it over: text, or nothing. The README's table of variables is
 * made from this list.
 */
export const VARIABLES = {
  AUTH_MODE: {
    secret: false,
    about:
      "`personal`, `team`, `passthrough` or `acedata`. Without it, what else is set decides; `passthrough` is never guessed.",
  },
  ACEDATACLOUD_API_TOKEN: {
    secret: true,
    about:
      "The AceDataCloud API token that pays for every video. Required in `personal` and `team`; must not be set in the other modes.",
  },
  MCP_ACCESS_KEY: {
    secret: true,
    about:
      "`personal`: the owner's key, sent as `Authorization: Bearer …` or typed when an app signs in. `team`: an optional key for machines. 16–512 characters of letters, digits and `._~+/=-`.",
  },
  SECRET_KEY: {
    secret: true,
    about:
      "At least 32 characters; our own keys are derived from it. With it, the upstream can ring when a video is done (`CALLBACKS`), tasks of `passthrough` and `acedata` are watched while their owner is away, and a browser that once signed in is not locked out by strangers' guesses.",
  },
  PUBLIC_URL: {
    secret: false,
    about:
      "The origin clients use, such as `https://veo.example.com`; requests for another host are refused.",
  },
  GITHUB_CLIENT_ID: { secret: false, about: "`team` with GitHub: the OAuth app's client id." },
  GITHUB_CLIENT_SECRET: { secret: true, about: "`team` with GitHub: the OAuth app's client secret." },
  ALLOWED_GITHUB_USERS: {
    secret: false,
    about:
      "`team` with GitHub: who may come in, by login or by number as `id:12345` (logins can be handed on), separated by commas.",
  },
  ALLOWED_GITHUB_ORGS: {
    secret: false,
    about:
      "`team` with GitHub: organisations whose active members may come in, as in their address (`acme` for `github.com/acme`), separated by commas.",
  },
  GITHUB_BASE_URL: {
    secret: false,
    about: "GitHub Enterprise: its address, by default `https://github.com`.",
  },
  GITHUB_API_BASE_URL: {
    secret: false,
    about: "GitHub Enterprise: the address of its API, by default `https://api.github.com`.",
  },
  OIDC_ISSUER: { secret: false, about: "`team` with any OpenID provider: its issuer." },
  OIDC_CLIENT_ID: { secret: false, about: "`team` with OpenID: the client id." },
  OIDC_CLIENT_SECRET: { secret: true, about: "`team` with OpenID: the client secret." },
  ALLOWED_EMAILS: {
    secret: false,
    about: "`team` with OpenID: who may come in, by e-mail address, separated by commas.",
  },
  ALLOWED_EMAIL_DOMAINS: {
    secret: false,
    about: "`team` with OpenID: domains whose people may come in, compared exactly, separated by commas.",
  },
  OIDC_EMAIL_VERIFIED: {
    secret: false,
    about:
      "`required` (the default): the provider must say that it verified the address; `if-present`: it may leave that out, as an organisation's own provider often does.",
  },
  ACEDATACLOUD_OAUTH_CLIENT_ID: {
    secret: false,
    about: "`acedata`: the client registered at AceDataCloud.",
  },
  ACEDATACLOUD_AUTH_BASE_URL: {
    secret: false,
    about: "`acedata`: where people sign in, by default `https://auth.acedata.cloud`.",
  },
  ACEDATACLOUD_PLATFORM_BASE_URL: {
    secret: false,
    about: "`acedata`: where their API keys are, by default `https://platform.acedata.cloud`.",
  },
  ACEDATACLOUD_API_BASE_URL: {
    secret: false,
    about: "The upstream's address, by default `https://api.acedata.cloud`.",
  },
  VEO_DEFAULT_MODEL: {
    secret: false,
    about: "The model used when none is named: one that can do text to video, by default `veo31-fast`.",
  },
  VEO_REQUEST_TIMEOUT: {
    secret: false,
    about: "How long a paid request may take to be accepted, in seconds: 1–60, by default 30.",
  },
  VEO_DISABLED_TOOLS: {
    secret: false,
    about: "Names of tools that nobody sees or calls, separated by commas.",
  },
  ALLOWED_ORIGINS: {
    secret: false,
    about: "Origins of web pages that may call `/mcp`, separated by commas.",
  },
  CALLBACKS: {
    secret: false,
    about:
      "Whether the upstream tells this server when a video is done: `auto` (the default: where the server is reachable by https and `SECRET_KEY` is set), `on` (needs `SECRET_KEY`) or `off`.",
  },
  MAX_TASKS_IN_FLIGHT: {
    secret: false,
    about: "How many videos of one account may be in the making at once.",
  },
  DAILY_GENERATION_LIMIT: {
    secret: false,
    about: "How many videos one account may order in a day (UTC).",
  },
  TEAM_MAX_TASKS_IN_FLIGHT: {
    secret: false,
    about: "How many videos of all accounts together may be in the making at once.",
  },
  TEAM_DAILY_GENERATION_LIMIT: {
    secret: false,
    about: "How many videos all accounts together may order in a day (UTC).",
  },
  MAX_CREDITS_PER_DAY: {
    secret: false,
    about:
      "How many credits all accounts together may spend in a day (UTC). While it is set, what has no price is refused.",
  },
  VEO_PRICES: {
    secret: false,
    about:
      'Prices in credits that are not published, or differ for you, as JSON: `{ "text2video:veo31-fast": 12 }`.',
  },
  MCP_SERVER_NAME: { secret: false, about: "The name the server tells clients, by default `veo`." },
  TASK_RETENTION_DAYS: {
    secret: false,
    about: "How long ended tasks are kept, in days: 1–3650, by default 90.",
  },
  LOG_LEVEL: { secret: false, about: "`debug`, `info` (the default), `warn` or `error`." },
} as const;

export type VariableName = keyof typeof VARIABLES;
/** The variables as they come: nothing is sure until `readConfiguration` has read them. */
export type Variables = { readonly [name in VariableName]?: unknown };
