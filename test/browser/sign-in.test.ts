import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { TOOL_NAMES } from "../../src/tools/registry.ts";
import { ACCESS_KEY, SECRETS } from "../e2e/server.ts";
import { useServers } from "../e2e/use-servers.ts";
import { type App, startApp } from "./app.ts";
import { describeInChromium } from "./in-chromium.ts";

const KEY_FIELD = '- textbox "Access key of this server"';

/** What a screen reader says of the element that has the focus. */
const focused = (page: Page) => page.locator(":focus").ariaSnapshot();

/** Does something that leads to another page. @returns the answer that is shown in the end. */
async function leadOn(page: Page, action: () => Promise<unknown>) {
  const [response] = await Promise.all([page.waitForNavigation(), action()]);
  return response;
}

const sendKey = (page: Page, key: string) =>
  leadOn(page, async () => {
    await page.getByLabel("Access key of this server").fill(key);
    await page.keyboard.press("Enter");
  });

describeInChromium("signing in at a personal server", (chromium) => {
  const server = useServers({
    personal: SECRETS,
    guessed: { ...SECRETS, SECRET_KEY: "secret-key-of-the-browser-tests-0123456789" },
  });
  let app: App;
  let guessedApp: App;
  beforeAll(async () => {
    app = await startApp(server("personal").url);
    guessedApp = await startApp(server("guessed").url);
    return () => Promise.all([app.close(), guessedApp.close()]);
  });

  it.for([
    { scripts: "allowed", javaScriptEnabled: true },
    { scripts: "switched off", javaScriptEnabled: false },
  ])("is done by keyboard alone, with scripts $scripts", async ({ javaScriptEnabled }) => {
    const page = await chromium.open({ javaScriptEnabled });
    const signIn = await app.begin();
    await page.goto(signIn.address);
    const order: string[] = [];
    for (const _ of ["the key", "Allow", "Deny"]) {
      await page.keyboard.press("Tab");
      order.push(await focused(page));
    }
    expect(order).toEqual([KEY_FIELD, '- button "Allow"', '- button "Deny"']);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type(ACCESS_KEY);
    await leadOn(page, () => page.keyboard.press("Enter"));
    const back = await signIn.back;
    expect(page.url()).toBe(back.href);
    expect(await signIn.toolsOf(back)).toEqual(TOOL_NAMES);
  });

  it("is refused by keyboard, without a key, and the app is told so", async () => {
    const page = await chromium.open();
    const signIn = await app.begin();
    await page.goto(signIn.address);
    for (const _ of ["the key", "Allow", "Deny"]) await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    const back = await signIn.back;
    expect(back.searchParams.get("error")).toBe("access_denied");
    await expect(signIn.toolsOf(back)).rejects.toMatchObject({ error: "access_denied" });
  });

  it("needs a key: without one the browser asks for it, and nothing is sent", async () => {
    const page = await chromium.open();
    const { address } = await app.begin();
    await page.goto(address);
    const posts: string[] = [];
    page.on("request", (request) => posts.push(request.method()));
    await page.getByRole("button", { name: "Allow" }).click();
    expect(await page.locator("#secret:invalid:focus").count()).toBe(1);
    expect(page.url()).toBe(address);
    expect(posts).toEqual([]);
  });

  it("says after a wrong key what is wrong, where one can correct it, and takes the right one", async () => {
    const page = await chromium.open();
    const signIn = await app.begin();
    await page.goto(signIn.address);
    expect((await sendKey(page, "a-wrong-key"))?.status()).toBe(403);
    await page.locator("#secret:focus").waitFor();
    expect(await focused(page)).toBe(`${KEY_FIELD} [invalid]`);
    expect(await page.getByRole("alert").textContent()).toBe("That is not the access key.");
    // Read out with the field: an alert that is there when a page opens is not news to every screen reader.
    expect(await page.locator("#secret").getAttribute("aria-describedby")).toBe("problem hint");
    expect(await page.locator("#problem").getAttribute("role")).toBe("alert");

    await page.keyboard.type(ACCESS_KEY);
    await page.keyboard.press("Enter");
    expect(await signIn.toolsOf(await signIn.back)).toEqual(TOOL_NAMES);
  });

  it("can be done again after going back, and gives another code", async () => {
    const page = await chromium.open();
    const signIn = await app.begin();
    await page.goto(signIn.address);
    await sendKey(page, ACCESS_KEY);
    const first = await signIn.back;
    expect((await page.goBack())?.status()).toBe(200);
    await sendKey(page, ACCESS_KEY);
    const second = new URL(page.url());
    expect(second.searchParams.get("code")).not.toBe(first.searchParams.get("code"));
    expect(await signIn.toolsOf(second)).toEqual(TOOL_NAMES);
  });

  it.for([
    {
      what: "is loaded again",
      async use(page: Page) {
        expect((await sendKey(page, "a-wrong-key"))?.status()).toBe(403);
        return page.reload();
      },
    },
    {
      what: "is sent twice",
      async use(page: Page) {
        // The first answer goes to a tab of its own, so that the page stays and can be sent again.
        await page.evaluate("document.forms[0].target = '_blank'");
        await page.locator("#secret").fill(ACCESS_KEY);
        const [answered] = await Promise.all([
          page.context().waitForEvent("page"),
          page.keyboard.press("Enter"),
        ]);
        await answered.getByText("Back in the app").waitFor();
        await page.evaluate("document.forms[0].target = ''");
        return leadOn(page, () => page.getByRole("button", { name: "Allow" }).click());
      },
    },
  ])("explains a used page that $what", async ({ use }) => {
    const page = await chromium.open();
    await page.goto((await app.begin()).address);
    expect((await use(page))?.status()).toBe(400);
    expect(await page.getByRole("main").textContent()).toContain("start again from your app");
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(await page.getByRole("button").count()).toBe(0);
  });

  it("locks strangers out after five wrong keys, but not a browser that signed in before", async () => {
    const owner = await chromium.open();
    await owner.goto((await guessedApp.begin()).address);
    await sendKey(owner, ACCESS_KEY);
    expect(await owner.getByText("Back in the app").count()).toBe(1);

    const stranger = await chromium.open();
    await stranger.goto((await guessedApp.begin()).address);
    for (let guess = 1; guess <= 5; guess += 1)
      expect((await sendKey(stranger, `guess-${guess}`))?.status()).toBe(403);
    const locked = await sendKey(stranger, ACCESS_KEY);
    expect(locked?.status()).toBe(429);
    const seconds = Number(await locked?.headerValue("retry-after"));
    expect(seconds).toBeGreaterThan(14 * 60);
    expect(seconds).toBeLessThanOrEqual(15 * 60);
    expect(await stranger.getByRole("heading").allTextContents()).toEqual(["Too many attempts"]);
    expect(await stranger.getByRole("main").textContent()).toContain("You can try again in 15 minutes.");

    const again = await guessedApp.begin();
    await owner.goto(again.address);
    await sendKey(owner, ACCESS_KEY);
    expect(await again.toolsOf(await again.back)).toEqual(TOOL_NAMES);
  });
});
