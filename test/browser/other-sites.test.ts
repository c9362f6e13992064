import type { Page } from "playwright-core";
import { beforeAll, expect, it, vi } from "vitest";
import { TOOL_NAMES } from "../../src/tools/registry.ts";
import { ACCESS_KEY, type Deployment, SECRETS } from "../e2e/server.ts";
import { useServers } from "../e2e/use-servers.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { serveIdentity } from "../identity/node-server.ts";
import { type App, startApp } from "./app.ts";
import { describeInChromium } from "./in-chromium.ts";

const OCTOCAT = { id: 583_231, login: "octocat" };

/** The team's server and its provider are two sites to a browser, as they are in life: cookies and policies care. */
const asLocalhost = (url: string) => url.replace("127.0.0.1", "localhost");

describeInChromium("the pages and other sites", (chromium) => {
  const github = createFakeGithub();
  beforeAll(async () => {
    const provider = await serveIdentity(github);
    return async () => {
      await provider.close();
      expect(github.unexpected).toEqual([]);
    };
  });
  const server = useServers({
    personal: SECRETS,
    // Read when the servers start: only then is it known where the provider is.
    get team(): Deployment {
      return {
        ACEDATACLOUD_API_TOKEN: SECRETS.ACEDATACLOUD_API_TOKEN,
        GITHUB_CLIENT_ID: github.client.id,
        GITHUB_CLIENT_SECRET: github.client.secret,
        ALLOWED_GITHUB_USERS: OCTOCAT.login,
        GITHUB_BASE_URL: github.webUrl,
        GITHUB_API_BASE_URL: github.apiUrl,
      };
    },
  });
  let personalApp: App;
  let teamApp: App;
  beforeAll(async () => {
    personalApp = await startApp(server("personal").url, { host: "localhost" });
    teamApp = await startApp(asLocalhost(server("team").url));
    return () => Promise.all([personalApp.close(), teamApp.close()]);
  });

  it("cannot be shown in a frame: nothing of them is there", async () => {
    const page = await chromium.open();
    const origin = server("personal").url;
    for (const address of [(await personalApp.begin()).address, `${origin}/`]) {
      await Promise.all([page.waitForEvent("console"), page.goto(personalApp.frame(address))]);
      const frame = page.frames().find((candidate) => candidate.parentFrame() !== null);
      await vi.waitUntil(() => frame?.url() !== "");
      expect(frame?.url()).toBe("chrome-error://chromewebdata/");
      expect(await frame?.getByRole("button", { name: "Allow" }).count()).toBe(0);
      expect(await frame?.getByText("Veo MCP").count()).toBe(0);
      expect(chromium.takeComplaints()).toEqual([
        `Framing '${origin}/' violates the following Content Security Policy directive: "frame-ancestors 'none'". The request has been blocked.`,
      ]);
    }
  });

  it("work in a popup, which tells the page that opened it", async () => {
    const signIn = await personalApp.begin();
    const opener = await chromium.open();
    await opener.goto(personalApp.popupOpener(signIn.address));
    expect(await opener.getByRole("status").textContent()).toBe("not connected");
    const [popup] = await Promise.all([
      opener.waitForEvent("popup"),
      opener.getByRole("button", { name: "Connect" }).click(),
    ]);
    await popup.locator("#secret").fill("a-wrong-key");
    await popup.keyboard.press("Enter");
    await popup.getByRole("alert").waitFor();
    await popup.locator("#secret").fill(ACCESS_KEY);
    await popup.keyboard.press("Enter");
    expect(await signIn.toolsOf(await signIn.back)).toEqual(TOOL_NAMES);
    await opener.getByText("connected", { exact: true }).waitFor();
  });

  async function goToGithub(page: Page, address: string): Promise<void> {
    await page.goto(address);
    expect(await page.getByText("You will sign in at").textContent()).toContain(new URL(github.webUrl).host);
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").ariaSnapshot()).toBe('- button "Continue with GitHub"');
    await page.keyboard.press("Enter");
  }

  it("lead over the team's provider and back to the app", async () => {
    github.signInAs(OCTOCAT);
    const page = await chromium.open();
    const signIn = await teamApp.begin();
    await goToGithub(page, signIn.address);
    const back = await signIn.back;
    await page.getByText("Back in the app").waitFor();
    expect(page.url()).toBe(back.href);
    expect(await signIn.toolsOf(back)).toEqual(TOOL_NAMES);
    expect(github.requestsTo("/login/oauth/authorize")).toHaveLength(1);
    expect(await page.context().cookies()).toEqual([]);
  });

  it("tell the app when somebody declined at the provider", async () => {
    github.declineNext();
    const signIn = await teamApp.begin();
    await goToGithub(await chromium.open(), signIn.address);
    await expect(signIn.toolsOf(await signIn.back)).rejects.toMatchObject({ error: "access_denied" });
  });

  it("tell somebody who is not of the team so, and not the app", async () => {
    github.signInAs({ id: 7, login: "mallory" });
    const page = await chromium.open();
    await goToGithub(page, (await teamApp.begin()).address);
    await page.getByRole("heading", { name: "You are not on the list" }).waitFor();
    expect(new URL(page.url()).origin).toBe(asLocalhost(server("team").url));
  });
});
