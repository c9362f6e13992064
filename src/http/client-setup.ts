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

const CURSOR_FILE = "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project";
const ONLY_PROGRAMS = "for clients that only start programs";

/** For clients that send a key as a header, to one server with one key. */
export function clientCommands(url: string, key: string): ClientSetup[] {
  const bearer = `Authorization: Bearer ${key}`;
  const headers = { Authorization: `Bearer ${key}` };
  return [
    {
      client: "Claude Code",
      language: "sh",
      text: `claude mcp add --transport http veo ${url} --header "${bearer}"`,
    },
    {
      client: "VS Code",
      language: "sh",
      text: `code --add-mcp '${JSON.stringify({ name: "veo", type: "http", url, headers })}'`,
    },
    {
      client: "Cursor",
      where: CURSOR_FILE,
      language: "json",
      text: JSON.stringify({ mcpServers: { veo: { url, headers } } }, null, 2),
    },
    {
      client: "Codex",
      language: "sh",
      text: `export VEO_MCP_ACCESS_KEY=${key}\ncodex mcp add veo --url ${url} --bearer-token-env-var VEO_MCP_ACCESS_KEY`,
    },
    {
      client: "MCP Inspector",
      where: "in the browser, then in the terminal",
      language: "sh",
      text: [
        `npx -y @modelcontextprotocol/inspector@2 --transport http --server-url ${url} --header "${bearer}"`,
        `npx -y @modelcontextprotocol/inspector@2 --cli ${url} --transport http --header "${bearer}" --method tools/list`,
      ].join("\n"),
    },
    {
      client: "mcp-remote",
      where: ONLY_PROGRAMS,
      language: "sh",
      text: `npx -y mcp-remote ${url} --header "${bearer}"`,
    },
    {
      client: "curl",
      where: "the stateless protocol of 2026-07-28",
      language: "sh",
      text: [
        `curl ${url}`,
        `-H "${bearer}"`,
        "-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream'",
        "-H 'MCP-Protocol-Version: 2026-07-28' -H 'Mcp-Method: tools/list'",
        `-d '${JSON.stringify(LIST_TOOLS)}'`,
      ].join(" \\\n  "),
    },
  ];
}

/** For clients that sign in with OAuth: they open the consent page themselves, and nothing secret is pasted. */
export function signInSetups(url: string): ClientSetup[] {
  return [
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
    {
      client: "Claude Code",
      where: "then `/mcp` in a session signs you in",
      language: "sh",
      text: `claude mcp add --transport http veo ${url}`,
    },
    {
      client: "VS Code",
      language: "sh",
      text: `code --add-mcp '${JSON.stringify({ name: "veo", type: "http", url })}'`,
    },
    {
      client: "Cursor",
      where: CURSOR_FILE,
      language: "json",
      text: JSON.stringify({ mcpServers: { veo: { url } } }, null, 2),
    },
    { client: "Codex", language: "sh", text: `codex mcp add veo --url ${url}\ncodex mcp login veo` },
    {
      client: "MCP Inspector",
      where: "in the browser",
      language: "sh",
      text: `npx -y @modelcontextprotocol/inspector@2 --transport http --server-url ${url}`,
    },
    {
      client: "mcp-remote",
      where: ONLY_PROGRAMS,
      language: "sh",
      text: `npx -y mcp-remote ${url}`,
    },
  ];
}
