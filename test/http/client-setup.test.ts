import { describe, expect, it } from "vitest";
import { type ClientSetup, headerSetups, signInSetups } from "../../src/http/client-setup.ts";

const URL_OF_SERVER = "https://veo.test/mcp";
const KEY = "the-key-of-the-owner";
const SIGN_INS = signInSetups(URL_OF_SERVER);
const WITH_KEY = headerSetups(URL_OF_SERVER, KEY);

describe("what is pasted into a client", () => {
  it.each<[string, ClientSetup[]]>([
    ["to sign in", SIGN_INS],
    ["with the key", WITH_KEY],
  ])("%s names the server, once for each client, and is well-formed", (_way, setups) => {
    const clients = setups.map(({ client }) => client);
    expect(new Set(clients).size).toBe(clients.length);
    for (const { language, text } of setups) {
      expect(text).toContain(URL_OF_SERVER);
      if (language === "url") expect(text).toBe(URL_OF_SERVER);
      if (language === "json")
        expect(JSON.parse(text)).toMatchObject({ mcpServers: { veo: { url: URL_OF_SERVER } } });
      // Pasted into a shell: no quotation is left open.
      if (language === "sh") expect(text.replaceAll(/'[^']*'|"[^"]*"/g, "")).not.toMatch(/['"]/);
    }
  });

  it("offers hosted apps only where they can reach the server", () => {
    for (const url of ["http://127.0.0.1:8787/mcp", "http://localhost:8787/mcp", "http://[::1]:8787/mcp"])
      expect(signInSetups(url).map(({ client }) => client)).toEqual(
        WITH_KEY.map(({ client }) => client).filter((client) => client !== "curl"),
      );
    expect(SIGN_INS.filter(({ language }) => language === "url").map(({ client }) => client)).toEqual([
      "Claude",
      "ChatGPT",
    ]);
  });

  it.each([
    // It begins the sign-in by itself.
    ["Codex", /^codex mcp add veo --url \S+$/],
    ["Claude Code", /^claude mcp add --transport http veo \S+\nclaude mcp login veo$/],
  ])("signs in without a step too many or too few: %s", (name, commands) => {
    expect(SIGN_INS.find(({ client }) => client === name)?.text).toMatch(commands);
  });

  it("holds the key where a header is sent, and no credential where somebody signs in", () => {
    for (const { text } of WITH_KEY) expect(text).toContain(KEY);
    for (const { text } of SIGN_INS) expect(text).not.toMatch(/bearer|authorization|header|key/i);
  });
});
