/**
 * What a deployment can set, as the runtime hands it over: text, or nothing. The README's table of variables is
 * made from this list.
 */
export const VARIABLES = {
  ACEDATACLOUD_API_TOKEN: {
    secret: true,
    about: "Your AceDataCloud API token: it pays for every video. Required.",
  },
  MCP_ACCESS_KEY: {
    secret: true,
    about:
      "The key that clients send as `Authorization: Bearer …`: 16–512 characters of letters, digits and `._~+/=-`. Required.",
  },
  AUTH_MODE: { secret: false, about: "`personal`, the only mode so far and the default." },
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
  PUBLIC_URL: {
    secret: false,
    about:
      "The origin clients use, such as `https://veo.example.com`; requests for another host are refused.",
  },
  ALLOWED_ORIGINS: {
    secret: false,
    about: "Origins of web pages that may call `/mcp`, separated by commas.",
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
