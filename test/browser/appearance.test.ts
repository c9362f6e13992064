import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { type Deployment, SECRETS } from "../e2e/server.ts";
import { useServers } from "../e2e/use-servers.ts";
import { type App, startApp } from "./app.ts";
import { edgeContrasts, overflow, textContrasts } from "./appearance.ts";
import { describeInChromium } from "./in-chromium.ts";

const TEAM: Deployment = {
  ...SECRETS,
  OIDC_ISSUER: "https://login.example.com/realms/video",
  OIDC_CLIENT_ID: "video",
  OIDC_CLIENT_SECRET: "oidc-secret-of-the-browser-tests",
  ALLOWED_EMAIL_DOMAINS: "example.com",
};
const PHONE = { width: 390, height: 844 };
const SMALL_PHONE = { width: 360, height: 640 };
const DESKTOP = { width: 1280, height: 900 };
/** 1280 pixels at 400 % (WCAG 2.2, success criterion 1.4.10). */
const NARROW = { width: 320, height: 256 };
const SCHEMES = ["light", "dark"] as const;
/** As long as a name is shown, with a word that fits no phone. */
const LONG_NAME = `An app with a name that does not end: ${"video".repeat(20)}`;

/** A script that got into a page. @returns whether it ran. */
const INJECTION = `(() => {
  const script = document.createElement("script");
  script.textContent = "window.didRun = true";
  document.body.append(script);
  return "didRun" in window;
})()`;

describeInChromium("the looks of the pages", (chromium) => {
  const server = useServers({ personal: SECRETS, team: TEAM });
  let apps: Record<"personal" | "team" | "longNamed", App>;
  let folder: string;
  beforeAll(async () => {
    // A folder to keep the pictures in, for whoever wants to look at them.
    const kept = process.env.SCREENSHOTS;
    folder = kept ?? (await mkdtemp(join(tmpdir(), "veo-screenshots-")));
    const [personal, team, longNamed] = await Promise.all([
      startApp(server("personal").url, { name: "Claude Code" }),
      startApp(server("team").url, { name: "Claude Code" }),
      startApp(server("personal").url, { name: LONG_NAME }),
    ]);
    apps = { personal, team, longNamed };
    return async () => {
      await Promise.all(Object.values(apps).map((app) => app.close()));
      if (kept === undefined) await rm(folder, { recursive: true, force: true });
    };
  });

  /** Every page there is, by the way to it. */
  const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
    "consent of a personal server": async (page) => page.goto((await apps.personal.begin()).address),
    "consent of a team's server": async (page) => page.goto((await apps.team.begin()).address),
    "consent for an app with a long name": async (page) => page.goto((await apps.longNamed.begin()).address),
    "consent after a wrong key": async (page) => {
      await page.goto((await apps.personal.begin()).address);
      await page.locator("#secret").fill("a-wrong-key");
      await page.getByRole("button", { name: "Allow" }).click();
      await page.getByRole("alert").waitFor();
    },
    "a notice": (page) => page.goto(`${server("personal").url}/authorize?client_id=unknown`),
    "the landing page of a personal server": (page) => openLanding(page, server("personal").url),
    "the landing page of a team's server": (page) => openLanding(page, server("team").url),
  };
  async function openLanding(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.evaluate("for (const client of document.querySelectorAll('details')) client.open = true");
  }

  it.for(Object.keys(PAGES))(
    "%s is readable in both schemes and at every width, and runs no script",
    async (name) => {
      const page = await chromium.open({ reducedMotion: "reduce" });
      await PAGES[name]?.(page);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const texts = await textContrasts(page);
        expect(texts.length).toBeGreaterThan(3);
        expect(texts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
        for (const control of await page.locator("button, input[id], summary").all()) {
          const { border, ring } = await edgeContrasts(control);
          expect(ring).toBeGreaterThanOrEqual(3);
          // What is typed or pressed is seen by its edge; a section is its own words.
          if ((await control.getAttribute("name")) !== null) expect(border).toBeGreaterThanOrEqual(3);
        }
      }
      for (const viewport of [DESKTOP, PHONE, NARROW]) {
        await page.setViewportSize(viewport);
        expect([viewport, await overflow(page)]).toEqual([viewport, 0]);
      }
      expect(await page.locator("script").count()).toBe(0);
      expect(await page.evaluate(INJECTION)).toBe(false);
      expect(chromium.takeComplaints()).toEqual([
        expect.stringMatching(/^Executing inline script violates .* 'default-src 'none''/),
      ]);
    },
  );

  it.for([
    { page: "consent of a personal server", buttons: ["Allow", "Deny"] },
    { page: "consent of a team's server", buttons: ["Continue with single sign-on", "Deny"] },
    { page: "the landing page of a personal server", buttons: [] },
  ])("$page fits a phone and a desk, light and dark", async ({ page: name, buttons }) => {
    const page = await chromium.open({ reducedMotion: "reduce" });
    await PAGES[name]?.(page);
    const pictures = new Set<string>();
    for (const [device, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      await page.setViewportSize(viewport);
      for (const button of buttons) {
        const control = page.getByRole("button", { name: button });
        // At a desk the whole question is seen at once; a phone may scroll, and then has all of the button.
        if (device === "phone") await control.scrollIntoViewIfNeeded();
        const box = await control.boundingBox();
        expect(box?.height).toBeGreaterThanOrEqual(44);
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect(box?.y).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(viewport.width);
        expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(viewport.height);
      }
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme });
        const path = join(folder, `${name} ${device} ${colorScheme}.png`.replaceAll(/[^\w.]+/g, "-"));
        const picture = await page.screenshot({ path, fullPage: true });
        // The header of a PNG says how wide it is; a page of one colour takes some 5 KB.
        expect(picture.readUInt32BE(16)).toBe(viewport.width);
        expect(picture.readUInt32BE(20)).toBeGreaterThanOrEqual(viewport.height);
        expect(picture.byteLength).toBeGreaterThan(20_000);
        pictures.add(picture.toString("base64"));
      }
    }
    expect(pictures.size).toBe(4);
  });

  it("shows first who asks, on a small phone too: the field for the key does not take the focus", async () => {
    const page = await chromium.open({ viewport: SMALL_PHONE });
    await page.goto((await apps.personal.begin()).address);
    // Focus is given, and scrolled to, when a page is drawn for the first time.
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
    expect(await page.evaluate("scrollY")).toBe(0);
    expect(await page.locator(":focus").count()).toBe(0);
    expect((await page.locator("form").boundingBox())?.y).toBeGreaterThan(SMALL_PHONE.height / 2);
  });

  it("are said in full by a screen reader: who asks, what for, where it goes, and each control by its name", async () => {
    const page = await chromium.open();
    await page.goto((await apps.personal.begin()).address);
    expect(await page.title()).toBe("Allow Claude Code? · Veo MCP");
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect((await page.locator("body").ariaSnapshot()).split("\n")).toEqual([
      "- banner: Veo MCP",
      "- main:",
      '  - heading "Allow “Claude Code” to use Veo MCP?" [level=1]',
      "  - paragraph: This app named itself; the name is not verified.",
      '  - heading "If you allow it, the app can" [level=2]',
      "  - list:",
      "    - listitem:",
      "      - text: make videos, which spends the credits of",
      "      - strong: this server’s owner",
      "    - listitem: see your tasks and their videos",
      "    - listitem: keep this access until it is revoked, or not used for 90 days",
      '  - heading "Access is sent to" [level=2]',
      "  - paragraph:",
      "    - strong: 127.0.0.1",
      `  - text: ${apps.personal.url}/callback`,
      "  - paragraph: The app runs on your computer. Continue only if you have just started this sign-in yourself.",
      "  - text: Access key of this server",
      '  - textbox "Access key of this server"',
      "  - text: The MCP_ACCESS_KEY that its owner has set. The app does not get to see it.",
      '  - button "Allow"',
      '  - button "Deny"',
    ]);
  });

  it.for([
    { mode: "personal", signIn: "which asks for its access key", snippets: 2 },
    { mode: "team", signIn: "you sign in with single sign-on at login.example.com", snippets: 1 },
  ] as const)(
    "the landing page of a $mode server is used by keyboard, and has its address",
    async ({ mode, signIn, snippets }) => {
      const page = await chromium.open();
      const url = server(mode).url;
      await page.goto(url);
      expect(await page.locator(".endpoint").textContent()).toBe(`${url}/mcp`);
      expect(await page.getByRole("main").textContent()).toContain(signIn);
      const shown = page.locator("pre:visible");
      expect(await shown.count()).toBe(1);

      const sections = await page.locator("summary").allTextContents();
      for (const section of sections) {
        await page.keyboard.press("Tab");
        expect(await page.locator("summary:focus").textContent()).toBe(section);
        if (section !== "Claude Code") continue;
        await page.keyboard.press("Enter");
        expect(await shown.count()).toBe(1 + snippets);
        for (const snippet of (await shown.allTextContents()).slice(1))
          expect(snippet).toMatch(`claude mcp add --transport http veo ${url}/mcp`);
      }
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Space");
      expect(await page.locator("details[open]").count()).toBe(2);

      await page.locator("details[open] pre").first().click();
      const snippet = await page.locator("details[open] pre").first().textContent();
      expect(await page.evaluate("String(getSelection()).trim()")).toBe(snippet);
    },
  );
});
