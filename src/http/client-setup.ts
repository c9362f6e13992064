import { isLoopback } from "../config/values.ts";

/** How a client is told about a server: what to paste, and where. */
export interface ClientSetup {
  client: string;
  /** What to know before pasting, if anything. Markdown. */
  where?: string;
  /** Of the text; `url` is one to paste into a form. */
  language: "sh" | "json" | "url";
  text: string;
}

/** A request of the 2026-07-28 protocol: stateless, so that it needs no session before it. */
const LIST_TOOLS = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
};

/** For clients that send a key as a header, to one server with one key. */
export const headerSetups = (url: string, key: string): ClientSetup[] => [
  ...setupsOfBothWays(url, key),
  {
    client: "curl",
    where: "the stateless protocol of 2026-07-28",
    language: "sh",
    text: [
      `curl ${url}`,
      `-H "${bearer(key)}"`,
      "-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'",
      "-H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list'",
      `-d '${JSON.stringify(LIST_TOOLS)}'`,
    ].join(" \\\n  "),
  },
];

/** For clients that sign in with OAuth: they open the consent page themselves, and nothing secret is pasted. */
export const signInSetups = (url: string): ClientSetup[] => [
  ...(isOnThisMachine(url) ? [] : hostedSetups(url)),
  ...setupsOfBothWays(url),
];

/** Whether a server can be reached from its own machine only, and so by no hosted app. */
export const isOnThisMachine = (url: string): boolean => isLoopback(new URL(url).hostname);

/** Of apps whose requests come from somebody else's servers. */
const hostedSetups = (url: string): ClientSetup[] => [
  {
    client: "Claude",
    where: "on the web and the desktop: Settings → Connectors → Add custom connector, and paste",
    language: "url",
    text: url,
  },
  {
    client: "ChatGPT",
    where: "in developer mode: Settings → Connectors → Create, choose OAuth, and paste",
    language: "url",
    text: url,
  },
];

const bearer = (key: string): string => `Authorization: Bearer ${key}`;

/** Of clients that can do either: send a key, or sign in where there is none. */
function setupsOfBothWays(url: string, key?: string): ClientSetup[] {
  const flag = key === undefined ? "" : ` --header "${bearer(key)}"`;
  const server = { url, ...(key !== undefined && { headers: { Authorization: `Bearer ${key}` } }) };
  const inspector = "npx -y @modelcontextprotocol/inspector@2";
  return [
    {
      client: "Claude Code",
      ...(key === undefined && { where: "in versions without `mcp login`: `/mcp` in a session" }),
      language: "sh",
      text: `claude mcp add --transport http veo ${url}${flag}${key === undefined ? "\nclaude mcp login veo" : ""}`,
    },
    {
      client: "VS Code",
      language: "sh",
      text: `code --add-mcp '${JSON.stringify({ name: "veo", type: "http", ...server })}'`,
    },
    {
      client: "Cursor",
      where: "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project",
      language: "json",
      text: JSON.stringify({ mcpServers: { veo: server } }, null, 2),
    },
    {
      client: "Codex",
      ...(key === undefined && { where: "signs you in at once" }),
      language: "sh",
      text:
        key === undefined
          ? `codex mcp add veo --url ${url}`
          : `export VEO_MCP_ACCESS_KEY=${key}\ncodex mcp add veo --url ${url} --bearer-token-env-var VEO_MCP_ACCESS_KEY`,
    },
    {
      client: "MCP Inspector",
      where: key === undefined ? "in the browser" : "in the browser, then in the terminal",
      language: "sh",
      text: [
        `${inspector} --transport http --server-url ${url}${flag}`,
        // In the terminal it cannot open a page.
        ...(key === undefined
          ? []
          : [`${inspector} --cli ${url} --transport http${flag} --method tools/list`]),
      ].join("\n"),
    },
    {
      client: "mcp-remote",
      where: "for clients that only start programs",
      language: "sh",
      text: `npx -y mcp-remote ${url}${flag}`,
    },
  ];
}
