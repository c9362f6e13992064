import { describe, expect, it } from "vitest";
import { consentPage } from "../../src/auth/consent-page.ts";
import { CLAUDE, consent, LOCAL, REGISTERED } from "./consent-markup.ts";
import { EVERY_MODE } from "./every-mode.ts";
import { elementsOf, flat, htmlOf } from "./markup.ts";

const { PERSONAL, GITHUB, PASSTHROUGH } = EVERY_MODE;

/** The name in the question, as it stands in the HTML. */
const shownName = async (clientName: string) =>
  /<bdi>(.*?)<\/bdi>/.exec(await consent(PERSONAL, { clientName }))?.[1];

describe("the consent page", () => {
  it.each([
    ["markup", "<img src=x onerror=alert(1)>\"&'", "&lt;img src=x onerror=alert(1)&gt;&quot;&amp;&#39;"],
    ["control characters", "Cl\u0000au\u001b[31mde\u007f", "Clau[31mde"],
    ["bidi overrides", "\u202eedualC\u202c \u2066x\u2069\u200f", "edualC x"],
    ["invisible letters", "Cl\u200bau\u2060d\u00ade\ufeff\u3164", "Claude"],
    ["line separators", "Claude\u2028by\u2029Anthropic\r\n\tInc", "Claude by Anthropic Inc"],
    ["lone surrogates and private use", "Cl\ud800au\ue000de", "Claude"],
    ["heaps of combining marks", `Z${"\u0301".repeat(70)}a`, `Z${"\u0301".repeat(3)}a`],
    ["much space", `  Claude${" ".repeat(500)}Code `, "Claude Code"],
    ["another script", "クロード", "クロード"],
    ["nothing", "", "Unnamed app"],
    ["nothing to see", " \u200b\u202e\u3164\u2800\n", "Unnamed app"],
  ])("makes a name with %s harmless", async (_what, name, shown) => {
    expect(await shownName(name)).toBe(shown);
  });

  it("clips a name at 80 characters, and cuts none in half", async () => {
    expect(await shownName("x".repeat(80))).toBe("x".repeat(80));
    expect(await shownName("x".repeat(81))).toBe(`${"x".repeat(79)}…`);
    expect(await shownName("🎬".repeat(5_000))).toBe(`${"🎬".repeat(79)}…`);
    expect(await shownName(`${"\u202e".repeat(2_000_000)}x`)).toBe("Unnamed app");
  });

  it("escapes whatever else a client or a browser can choose", async () => {
    const evil = `"><script>alert(1)</script>`;
    const { access } = PERSONAL;
    const details = { ...CLAUDE, clientDomain: evil, redirectHost: evil, redirectUri: `https://x/${evil}` };
    const html = await htmlOf(consentPage({ details, handle: evil, access, problem: evil }));
    expect(html).not.toContain("<script");
    expect(html.split("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;")).toHaveLength(6);
    expect((await elementsOf(html)).map(({ tag }) => tag)).not.toContain("script");
  });

  it("says who asks: the domain when it is proven, and otherwise that the name is not", async () => {
    const proven = await consent(PERSONAL);
    expect(proven).toContain("Published by <strong>claude.ai</strong>");
    expect(proven).not.toContain("not verified");
    const claimed = flat(
      await htmlOf(consentPage({ details: REGISTERED, handle: "h", access: PERSONAL.access })),
    );
    expect(claimed).toContain("This app named itself; the name is not verified.");
    expect(claimed).not.toContain("Published by");
  });

  it("shows no logo and no link of the client", async () => {
    expect(await consent(PERSONAL)).not.toContain("client.test");
  });

  it("says where access goes, in bold, and the whole address in small", async () => {
    const html = await consent(PERSONAL);
    expect(html).toContain(
      "<strong>claude.ai</strong></p> <small>https://claude.ai/api/mcp/auth_callback</small>",
    );
    expect(html).not.toContain("The app runs on your computer.");
    const long = `${"claude.ai.".repeat(24)}evil.example`;
    expect(await consent(PERSONAL, { redirectHost: long })).toContain(`<strong>${long}</strong>`);
  });

  it("warns of an app on this computer", async () => {
    const html = await consent(PERSONAL, LOCAL);
    expect(html).toContain("<strong>127.0.0.1</strong>");
    expect(html).toContain(
      "The app runs on your computer. Continue only if you have just started this sign-in yourself.",
    );
  });

  it.each([
    ["PERSONAL", "this server’s owner", "not used for 90 days", "Allow"],
    ["GITHUB", "your team’s AceDataCloud account", "for 7 days", "Continue with GitHub"],
    ["OIDC", "your team’s AceDataCloud account", "for 7 days", "Continue with single sign-on"],
    ["PASSTHROUGH", "your own AceDataCloud account", "not used for 90 days", "Allow"],
    ["ACEDATA", "your own AceDataCloud account", "not used for 90 days", "Continue with AceDataCloud"],
  ] as const)(
    "says what is granted, for how long, and what comes next: %s",
    async (mode, spends, lasts, approve) => {
      const html = await consent(EVERY_MODE[mode]);
      expect(html).toContain(`make videos, which spends the credits of <strong>${spends}</strong>`);
      expect(html).toContain("see your tasks and their videos");
      expect(html).toContain(lasts);
      expect(html).toContain(`name="decision" value="approve">${approve}</button>`);
    },
  );

  it.each([
    ["GITHUB", "github.com"],
    ["OIDC", "login.example"],
    ["ACEDATA", "auth.acedata.cloud"],
  ] as const)("says where the person signs in, and asks for nothing itself: %s", async (mode, host) => {
    const html = await consent(EVERY_MODE[mode]);
    expect(html).toContain(`You will sign in at <strong>${host}</strong>`);
    expect((await elementsOf(html)).filter(({ tag }) => tag === "input")).toHaveLength(1);
  });

  it.each([
    ["PERSONAL", "current-password", "Access key of this server"],
    ["PASSTHROUGH", "off", "Your AceDataCloud API key"],
  ] as const)("asks for the key that opens the mode: %s", async (mode, autocomplete, label) => {
    const html = await consent(EVERY_MODE[mode]);
    expect(html).toContain(`<label for="secret">${label}</label>`);
    const elements = await elementsOf(html);
    const field = elements.find(({ attributes }) => attributes.get("name") === "secret")?.attributes;
    expect(Object.fromEntries(field ?? [])).toMatchObject({
      type: "password",
      autocomplete,
      maxlength: "1024",
      required: "",
      "aria-describedby": "hint",
    });
    expect(field?.has("value")).toBe(false);
    expect(field?.has("aria-invalid")).toBe(false);
    expect(field?.has("autofocus")).toBe(false);
  });

  it("gives password managers a user name, in personal only, that is not posted", async () => {
    const isName = ({ attributes }: { attributes: Map<string, string> }) =>
      attributes.get("autocomplete") === "username";
    const name = (await elementsOf(await consent(PERSONAL))).find(isName)?.attributes;
    expect(name?.get("value")).toBe("owner");
    expect(name?.has("name")).toBe(false);
    expect((await elementsOf(await consent(PASSTHROUGH))).some(isName)).toBe(false);
  });

  it("posts handle and decision to /authorize: Enter approves, and denying needs no key", async () => {
    for (const mode of Object.values(EVERY_MODE)) {
      const elements = await elementsOf(await consent(mode));
      const form = elements.find(({ tag }) => tag === "form")?.attributes;
      expect(Object.fromEntries(form ?? [])).toEqual({ method: "post", action: "/authorize" });
      const handle = elements.find(({ attributes }) => attributes.get("name") === "handle")?.attributes;
      expect(Object.fromEntries(handle ?? [])).toEqual({ type: "hidden", name: "handle", value: "h" });
      const [approve, deny, ...more] = elements.filter(({ tag }) => tag === "button");
      expect(more).toEqual([]);
      expect(approve?.attributes.get("value")).toBe("approve");
      expect(approve?.attributes.has("formnovalidate")).toBe(false);
      expect(deny?.attributes.get("value")).toBe("deny");
      expect(deny?.attributes.has("formnovalidate")).toBe(true);
    }
  });

  it("says aloud what went wrong, ties it to the field, and puts the person there", async () => {
    const html = await consent(PERSONAL, {}, "That is not the access key.");
    expect(html).toContain('role="alert" id="problem">That is not the access key.</p>');
    const field = (await elementsOf(html)).find(({ attributes }) => attributes.get("name") === "secret");
    expect(field?.attributes.get("aria-invalid")).toBe("true");
    expect(field?.attributes.get("aria-describedby")).toBe("problem hint");
    expect(field?.attributes.has("autofocus")).toBe(true);
    expect(await consent(GITHUB, {}, "GitHub did not answer.")).toContain("GitHub did not answer.");
    expect(await consent(PERSONAL)).not.toContain('role="alert"');
  });
});
