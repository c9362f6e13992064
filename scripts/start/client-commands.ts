/** How a client is told about a server: what to paste, and where. */
export interface ClientCommand {
  client: string;
  /** What to know before pasting, if anything. */
  where?: string;
  language: "sh" | "json";
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

/** What `npm start` prints and the README shows, for one server and key. */
export function clientCommands(url: string, key: string): ClientCommand[] {
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
      where: "`~/.cursor/mcp.json`, or `.cursor/mcp.json` in a project",
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
      where: "for clients that only start programs",
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
