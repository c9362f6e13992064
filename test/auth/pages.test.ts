import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import { describe, expect, it } from "vitest";
import { readSettings } from "../../src/agent/settings.ts";
import { consentPage } from "../../src/auth/consent-page.ts";
import { noticePage } from "../../src/auth/notice-page.ts";
import { type Page, pageResponse } from "../../src/auth/page.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import { clientCommands, signInSetups } from "../../src/http/client-setup.ts";
import { landingPage } from "../../src/http/landing-page.ts";

const SECRETS = {
  ACEDATACLOUD_API_TOKEN: "upstream-token-never-shown",
  MCP_ACCESS_KEY: "access-key-never-shown",
  GITHUB_CLIENT_SECRET: "github-secret-never-shown",
  OIDC_CLIENT_SECRET: "oidc-secret-never-shown",
  SECRET_KEY: "secret-key-never-shown-0123456789",
};
const { ACEDATACLOUD_API_TOKEN, MCP_ACCESS_KEY, GITHUB_CLIENT_SECRET, OIDC_CLIENT_SECRET, SECRET_KEY } =
  SECRETS;
const OWN = { ACEDATACLOUD_API_TOKEN, MCP_ACCESS_KEY, SECRET_KEY };

function configured(variables: Record<string, string>): Configuration {
  const settings = readSettings(variables);
  if (!settings.ok) throw new Error(settings.problems.join("\n"));
  return settings.configuration;
}
const PERSONAL = configured(OWN);
const GITHUB = configured({
  ...OWN,
  GITHUB_CLIENT_ID: "github-client",
  GITHUB_CLIENT_SECRET,
  ALLOWED_GITHUB_USERS: "octocat",
});
const OIDC = configured({
  ACEDATACLOUD_API_TOKEN,
  OIDC_ISSUER: "https://login.example/realms/video",
  OIDC_CLIENT_ID: "oidc-client",
  OIDC_CLIENT_SECRET,
  ALLOWED_EMAILS: "ada@example.com",
});
const PASSTHROUGH = configured({ AUTH_MODE: "passthrough", SECRET_KEY });
const ACEDATA = configured({ ACEDATACLOUD_OAUTH_CLIENT_ID: "ace-client", SECRET_KEY });
const EVERY_MODE = { PERSONAL, GITHUB, OIDC, PASSTHROUGH, ACEDATA };

const CLAUDE: ConsentDescription = {
  clientId: "https://claude.ai/oauth/mcp",
  clientName: "Claude",
  clientDomain: "claude.ai",
  clientUri: "https://client.test/about",
  logoUri: "https://client.test/logo.png",
  redirectUri: "https://claude.ai/api/mcp/auth_callback",
  redirectHost: "claude.ai",
  redirectIsLoopback: false,
  scope: ["veo"],
};
const { clientDomain: _, ...REGISTERED } = CLAUDE;
const LOCAL: ConsentDescription = {
  ...REGISTERED,
  redirectUri: "http://127.0.0.1:53682/callback",
  redirectHost: "127.0.0.1",
  redirectIsLoopback: true,
};

const ORIGIN = "https://veo.test";
const htmlOf = async (page: Page) => (await pageResponse(page)).text();
/** One space wherever a browser shows one. */
const flat = (html: string) => html.replace(/\s+/g, " ");
const consent = async (
  { access }: Configuration,
  details: Partial<ConsentDescription> = {},
  problem?: string,
) => flat(await htmlOf(consentPage({ details: { ...CLAUDE, ...details }, handle: "h", access, problem })));
const landing = async (configuration: Configuration) =>
  flat(await htmlOf(landingPage({ origin: ORIGIN, configuration })));

/** Every element of a page, as a parser sees it. */
async function elementsOf(page: string) {
  const elements: { tag: string; attributes: Map<string, string> }[] = [];
  const onElement = ({ tagName, attributes }: Element) => {
    const pairs = [...attributes].map(([name = "", value = ""]): [string, string] => [name, value]);
    elements.push({ tag: tagName, attributes: new Map(pairs) });
  };
  await new HTMLRewriter().on("*", { element: onElement }).transform(new Response(page)).text();
  return elements;
}
/** The name in the question, as it stands in the HTML. */
const shownName = async (clientName: string) =>
  /<bdi>(.*?)<\/bdi>/.exec(await consent(PERSONAL, { clientName }))?.[1];

const everyPage = async () => [
  ...(await Promise.all(Object.values(EVERY_MODE).map((mode) => consent(mode)))),
  ...(await Promise.all(Object.values(EVERY_MODE).map((mode) => consent(mode, LOCAL, "Try again.")))),
  ...(await Promise.all(Object.values(EVERY_MODE).map(landing))),
  await htmlOf(noticePage({ title: "Expired", message: "This page has expired." })),
];

describe("the response of a page", () => {
  const page = noticePage({ title: "Expired", message: "This page has expired." });

  it("has exactly these headers: no form-action, no COOP, a referrer for ourselves", async () => {
    const response = await pageResponse(page);
    expect(response.status).toBe(200);
    const { "content-security-policy": policy, ...headers } = Object.fromEntries(response.headers);
    expect(headers).toEqual({
      "cache-control": "no-store",
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex",
    });
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; frame-ancestors 'none'$/,
    );
  });

  it("allows its one stylesheet by its hash", async () => {
    const response = await pageResponse(page);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(await response.text()) ?? [];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(response.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
  });

  it("keeps the cookies and headers it is given, and its own policy", async () => {
    const headers = new Headers({ "content-security-policy": "frame-ancestors 'none'", "retry-after": "60" });
    headers.append("set-cookie", "__Host-a=1; Secure; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT");
    headers.append("set-cookie", "__Host-b=2; Secure; Path=/");
    const response = await pageResponse(page, { status: 429, headers });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(response.headers.getSetCookie()).toEqual(headers.getSetCookie());
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none';/);
    expect(headers.get("content-security-policy")).toBe("frame-ancestors 'none'");
  });
});

describe("every page", () => {
  it("has no script, no inline style, no external asset and no link", async () => {
    for (const html of await everyPage())
      for (const { tag, attributes } of await elementsOf(html)) {
        expect(["script", "link", "img", "iframe", "a", "base", "object"]).not.toContain(tag);
        for (const name of attributes.keys()) expect(name).not.toMatch(/^(on|style$|src|href)/);
      }
  });

  it("is a document with a language, a title, a viewport, one main and one first heading", async () => {
    for (const html of await everyPage()) {
      expect(html).toMatch(/^<!doctype html>/);
      const elements = await elementsOf(html);
      const count = (tag: string) => elements.filter((element) => element.tag === tag).length;
      expect([count("title"), count("main"), count("h1"), count("header")]).toEqual([1, 1, 1, 1]);
      expect(elements.find(({ tag }) => tag === "html")?.attributes.get("lang")).toBe("en");
      expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    }
  });

  it("labels every field that a person can reach, and every id it refers to is there once", async () => {
    for (const html of await everyPage()) {
      const elements = await elementsOf(html);
      const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      const labelled = elements.flatMap(({ attributes }) => attributes.get("for") ?? []);
      for (const { attributes } of elements) {
        for (const id of attributes.get("aria-describedby")?.split(" ") ?? []) expect(ids).toContain(id);
      }
      for (const { attributes } of elements.filter(({ tag }) => tag === "input")) {
        if (attributes.get("type") === "hidden") continue;
        if (attributes.get("aria-hidden") === "true") expect(attributes.get("tabindex")).toBe("-1");
        else expect(labelled).toContain(attributes.get("id"));
      }
    }
  });

  it("holds nothing secret of the configuration", async () => {
    for (const html of await everyPage())
      for (const secret of Object.values(SECRETS)) expect(html).not.toContain(secret);
  });
});

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

  it("shows a private-use address as a whole: its host says nothing", async () => {
    const html = await consent(PERSONAL, { redirectUri: "evil://claude.ai/cb", redirectHost: "claude.ai" });
    expect(html).toContain("<strong>evil://claude.ai/cb</strong>");
    expect(html).not.toContain("<small>evil:");
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
      autofocus: "",
      "aria-describedby": "hint",
    });
    expect(field?.has("value")).toBe(false);
    expect(field?.has("aria-invalid")).toBe(false);
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

  it("says aloud what went wrong, and ties it to the field", async () => {
    const html = await consent(PERSONAL, {}, "That is not the access key.");
    expect(html).toContain('role="alert" id="problem">That is not the access key.</p>');
    const field = (await elementsOf(html)).find(({ attributes }) => attributes.get("name") === "secret");
    expect(field?.attributes.get("aria-invalid")).toBe("true");
    expect(field?.attributes.get("aria-describedby")).toBe("problem hint");
    expect(await consent(GITHUB, {}, "GitHub did not answer.")).toContain("GitHub did not answer.");
    expect(await consent(PERSONAL)).not.toContain('role="alert"');
  });
});

describe("a notice", () => {
  it("says what happened and what to do, escaped", async () => {
    const usual = await htmlOf(noticePage({ title: "Not <b>you</b>", message: "ada@example.com & co" }));
    expect(usual).toContain("<h1>Not &lt;b&gt;you&lt;/b&gt;</h1>");
    expect(usual).toContain("ada@example.com &amp; co");
    expect(usual).toContain("Close this window and start again from your app.");
    const own = await htmlOf(
      noticePage({ title: "Locked", message: "Too many.", nextStep: "Wait 15 minutes." }),
    );
    expect(own).toContain("Wait 15 minutes.");
    expect(own).not.toContain("Close this window");
  });
});

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
      for (const { text } of clientCommands(`${ORIGIN}/mcp`, placeholder))
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

  it("speaks of the service key only where there is one", async () => {
    expect(await landing(GITHUB)).toContain("Authorization: Bearer YOUR_SERVICE_KEY");
    expect(await landing(OIDC)).not.toContain("SERVICE_KEY");
  });
});

describe("the setups for signing in", () => {
  it("hold no credential", () => {
    for (const { text } of signInSetups(`${ORIGIN}/mcp`)) {
      expect(text).toContain(`${ORIGIN}/mcp`);
      expect(text).not.toMatch(/bearer|authorization|header|key/i);
    }
  });
});
