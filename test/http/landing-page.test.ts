import { describe, expect, it } from "vitest";
import type { Configuration } from "../../src/config/configuration.ts";
import { headerSetups, signInSetups } from "../../src/http/client-setup.ts";
import { landingPage } from "../../src/http/landing-page.ts";
import { EVERY_MODE } from "../auth/every-mode.ts";
import { elementsOf, flat, htmlOf } from "../auth/markup.ts";

const ORIGIN = "https://veo.test";
const { PERSONAL, GITHUB, OIDC } = EVERY_MODE;
const landing = async (configuration: Configuration) =>
  flat(await htmlOf(landingPage({ origin: ORIGIN, configuration })));

describe("the landing page", () => {
  /** As text stands in the HTML. */
  const escaped = (text: string) =>
    flat(
      text
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll('"', "&quot;")
        .replaceAll("'", "&#39;"),
    );

  it.each([
    ["PERSONAL", "which asks for its access key", "YOUR_ACCESS_KEY"],
    ["GITHUB", "you sign in with GitHub", undefined],
    ["OIDC", "you sign in with single sign-on at login.example", undefined],
    ["PASSTHROUGH", "which asks for your AceDataCloud API key", "YOUR_ACEDATACLOUD_KEY"],
    ["ACEDATA", "you sign in at AceDataCloud", "YOUR_ACEDATACLOUD_KEY"],
  ] as const)("tells every client how to come in: %s", async (mode, signIn, placeholder) => {
    const html = await landing(EVERY_MODE[mode]);
    expect(html).toContain(`<code>${ORIGIN}/mcp</code>`);
    expect(html).toContain(signIn);
    for (const { text } of signInSetups(`${ORIGIN}/mcp`)) expect(html).toContain(escaped(text));
    for (const name of ["YOUR_ACCESS_KEY", "YOUR_ACEDATACLOUD_KEY"])
      expect(html.includes(name)).toBe(name === placeholder);
    if (placeholder !== undefined)
      for (const { text } of headerSetups(`${ORIGIN}/mcp`, placeholder))
        expect(html).toContain(escaped(text));
  });

  it("has one closed section for each client", async () => {
    const html = await landing(PERSONAL);
    const clients = [...html.matchAll(/<summary>(.*?)<\/summary>/g)].map(([, client]) => client);
    expect(clients).toEqual([
      "Claude",
      "ChatGPT",
      "Claude Code",
      "VS Code",
      "Cursor",
      "Codex",
      "MCP Inspector",
      "mcp-remote",
      "curl",
    ]);
    const sections = (await elementsOf(html)).filter(({ tag }) => tag === "details");
    expect(sections).toHaveLength(clients.length);
    expect(sections.some(({ attributes }) => attributes.has("open"))).toBe(false);
  });

  it("leaves hosted apps out on a machine that they cannot reach, and says so", async () => {
    const onMachine = flat(
      await htmlOf(landingPage({ origin: "http://127.0.0.1:8787", configuration: PERSONAL })),
    );
    const why = "Hosted apps, such as Claude on the web and ChatGPT, cannot reach this machine";
    expect(onMachine).toContain(why);
    expect(onMachine).not.toMatch(/<summary>(Claude|ChatGPT)<\/summary>/);
    expect(onMachine).toContain("<summary>Claude Code</summary>");
    expect(await landing(PERSONAL)).not.toContain(why);
  });

  it("speaks of the service key only where there is one", async () => {
    expect(await landing(GITHUB)).toContain("Authorization: Bearer YOUR_SERVICE_KEY");
    expect(await landing(OIDC)).not.toContain("SERVICE_KEY");
  });
});
