import { type ClientSetup, signInSetups } from "../../src/http/client-setup.ts";
import { markdownTable } from "../../src/tools/markdown-table.ts";

const SAME_MACHINE = "A browser on the same machine. Over SSH or in a container, use the key.";
/** What a client needs beside the command. */
const NEEDS: Readonly<Record<string, string>> = {
  Claude:
    "The address exactly as it is, `/mcp` included. Cloudflare's \"Block AI bots\" must be off for the host, since the requests come from Anthropic's servers.",
  ChatGPT: "It cannot send a header, so it always signs in.",
  "Claude Code": "A browser on the same machine; over SSH, `claude mcp login veo --no-browser`.",
  "VS Code": SAME_MACHINE,
  Cursor:
    "A recent version; older ones register only a `cursor://` address, which is refused. Then use the key.",
  Codex: SAME_MACHINE,
};

/** How each client signs in to a server at this address. */
export const signInTable = (url: string): string =>
  markdownTable(
    ["Client", "", "What it needs"],
    signInSetups(url).map((setup) => [setup.client, commandOf(setup), NEEDS[setup.client] ?? ""]),
  );

/** On one line, since that is all a cell has. */
function commandOf({ language, text, where }: ClientSetup): string {
  const lines = language === "json" ? [JSON.stringify(JSON.parse(text))] : text.split("\n");
  const code = lines.map((line) => `\`${line}\``).join(", then ");
  return where === undefined ? code : `${code} (${where})`;
}
