import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { type Browser, createBrowser, handleOn, locationOf } from "./browser.ts";
import { callMcp, type OAuthClient, readTokens, registerClient } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const SPENT = "This page cannot be used any more";

describe("the answer to the consent page", () => {
  let world: World;
  let client: OAuthClient;
  let browser: Browser;
  beforeEach(async () => {
    world = createSignInWorld();
    client = await registerClient(world);
    browser = createBrowser(world);
  });
  afterEach(() => world.end());

  const ask = async (by = browser) => {
    const { url, verifier } = await client.authorizeUrl({ state: "s1" });
    return { handle: await handleOn(await by.open(url)), verifier };
  };
  const approval = (handle: string, secret = ACCESS_KEY) => ({
    handle,
    decision: "approve" as const,
    secret,
  });
  const isRefused = async (response: Response, status: number, message: string) => {
    expect(response.status).toBe(status);
    expect(response.headers.get("location")).toBeNull();
    const text = await response.text();
    expect(text).toContain(message);
    expect(text).not.toContain(ACCESS_KEY);
    expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  };
  const isApproved = async (response: Response, verifier: string) => {
    const code = locationOf(response).searchParams.get("code") ?? "";
    const { access_token } = await readTokens(await client.redeem(code, verifier));
    const listed = await callMcp(world, access_token);
    await listed.text();
    expect(listed.status).toBe(200);
  };

  it("counts only in the browser that was asked", async () => {
    const { handle, verifier } = await ask();
    const stranger = createBrowser(world);
    await isRefused(await stranger.decide(approval(handle)), 400, SPENT);
    // Somebody who was asked too, and has a cookie of their own.
    await ask(stranger);
    await isRefused(await stranger.decide(approval(handle)), 400, SPENT);
    // And who puts what is in it under the name of the other one.
    const [name = ""] = [...browser.cookies.keys()];
    const [foreign = ""] = [...stranger.cookies.values()];
    const forged = await world.fetch("/authorize", {
      method: "POST",
      headers: { cookie: `${name}=${foreign}` },
      body: new URLSearchParams(approval(handle)),
    });
    await isRefused(forged, 400, SPENT);
    await isRefused(await stranger.decide({ handle, decision: "deny" }), 400, SPENT);
    await isApproved(await browser.decide(approval(handle)), verifier);
  });

  it("counts once", async () => {
    const { handle, verifier } = await ask();
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    await isApproved(await browser.decide(approval(handle)), verifier);
    // The cookie went with the answer; somebody may have kept it.
    await isRefused(await browser.decide(approval(handle)), 400, SPENT);
    for (const decision of ["approve", "deny"] as const)
      await isRefused(
        await browser.decide({ ...approval(handle), decision }, { headers: { cookie } }),
        400,
        SPENT,
      );
  });

  it("counts once of ten at the same time, allowed and denied alike", async () => {
    for (const decision of ["approve", "deny"] as const) {
      const { handle, verifier } = await ask();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => browser.decide({ ...approval(handle), decision })),
      );
      const [first, ...others] = answers.filter(({ status }) => status === 302);
      expect(others).toEqual([]);
      if (first === undefined) throw new Error("nobody was answered");
      for (const refused of answers.filter((answer) => answer !== first))
        await isRefused(refused, 400, SPENT);
      if (decision === "approve") await isApproved(first, verifier);
      else expect(locationOf(first).searchParams.get("error")).toBe("access_denied");
    }
  });

  it("counts for ten minutes", async () => {
    const [early, late] = [await ask(), await ask()];
    await world.advance(599_000);
    await isApproved(await browser.decide(approval(early.handle)), early.verifier);
    await world.advance(1000);
    await isRefused(await browser.decide(approval(late.handle)), 400, SPENT);
  });

  it.each([
    ["another site", { origin: "https://evil.test" }],
    ["a sandboxed frame", { origin: "null" }],
    ["a name like ours", { origin: `${ORIGIN}.evil.test` }],
    ["our host without TLS", { origin: "http://veo.test" }],
    ["our host on another port", { origin: `${ORIGIN}:8443` }],
    ["a page of another site that hides its name", { "sec-fetch-site": "cross-site" }],
    ["a sub-domain", { "sec-fetch-site": "same-site" }],
  ])("does not count when it comes from %s, and is not used up", async (_what, headers) => {
    const { handle, verifier } = await ask();
    const from = { "sec-fetch-site": "same-origin", origin: ORIGIN, ...headers };
    for (const decision of ["approve", "deny"] as const) {
      const posted = await browser.decide({ ...approval(handle), decision }, { headers: from });
      await isRefused(posted, 403, "This form was sent from another site");
    }
    await isApproved(await browser.decide(approval(handle)), verifier);
  });

  it.each([
    ["of JSON", "application/json", JSON.stringify(approval("h"))],
    ["of plain text", "text/plain", "handle=h&decision=approve"],
    ["of a file", "multipart/form-data; boundary=x", "--x--"],
    ["of nothing we know", "", "handle=h"],
    ["of 1 MB", "application/x-www-form-urlencoded", `handle=${"x".repeat(1_048_576)}`],
  ])("does not count when it is a form %s", async (_what, type, body) => {
    const posted = await browser.open("/authorize", {
      method: "POST",
      headers: { origin: ORIGIN, "content-type": type },
      body,
    });
    await isRefused(posted, 400, "This was not the form of our page");
  });

  it.each([
    ["without a handle", "decision=approve", SPENT],
    ["with nothing", "", SPENT],
    ["with a handle nobody was given", "handle=x&decision=approve", SPENT],
    ["with a handle that is none", "handle=%ff%00&decision=deny", SPENT],
  ])("does not count %s", async (_what, body, message) => {
    const posted = await browser.open("/authorize", {
      method: "POST",
      headers: { origin: ORIGIN, "content-type": "application/x-www-form-urlencoded" },
      body,
    });
    await isRefused(posted, 400, message);
  });

  it("sends whoever declines back, without a key, with the state and our name", async () => {
    for (const form of [{ decision: "deny" as const }, { decision: "deny" as const, secret: ACCESS_KEY }]) {
      const { handle } = await ask();
      const denied = await browser.decide({ handle, ...form });
      const back = locationOf(denied);
      expect(`${back.origin}${back.pathname}`).toBe(client.redirectUri);
      expect(Object.fromEntries(back.searchParams)).toEqual({
        error: "access_denied",
        error_description: "The request was denied on the page of this server",
        state: "s1",
        iss: ORIGIN,
      });
      expect(denied.headers.get("referrer-policy")).toBe("no-referrer");
    }
    // Whatever is not a yes is a no.
    const { handle } = await ask();
    const body = new URLSearchParams({ handle, decision: "Approve", secret: ACCESS_KEY });
    const odd = await browser.open("/authorize", { method: "POST", headers: { origin: ORIGIN }, body });
    expect(locationOf(odd).searchParams.get("error")).toBe("access_denied");
  });

  it("asks again after a wrong key, on a page of its own, and keeps what was asked for", async () => {
    const { handle, verifier } = await ask();
    const wrong = await browser.decide(approval(handle, "not-the-key"));
    expect(wrong.status).toBe(403);
    const page = await wrong.text();
    expect(page).toContain("That is not the access key.");
    expect(page).not.toContain("not-the-key");
    const [, next = ""] = /name="handle" value="([^"]+)"/.exec(page) ?? [];
    expect(next).not.toBe(handle);
    await isRefused(await browser.decide(approval(handle)), 400, SPENT);
    const right = await browser.decide(approval(next, `  ${ACCESS_KEY}\n`));
    expect(locationOf(right).searchParams.get("state")).toBe("s1");
    await isApproved(right, verifier);
  });

  it.each([
    ["nothing", ""],
    ["half of it", ACCESS_KEY.slice(0, -1)],
    ["more than it", `${ACCESS_KEY}0`],
    ["it in capitals", ACCESS_KEY.toUpperCase()],
    ["it twice", `${ACCESS_KEY}${ACCESS_KEY}`],
    ["10 KB", "x".repeat(10_240)],
    ["it behind a NUL", `\0${ACCESS_KEY}`],
  ])("is not let in with %s in place of the key", async (_what, secret) => {
    const { handle } = await ask();
    await isRefused(await browser.decide(approval(handle, secret)), 403, "That is not the access key.");
  });

  it("is refused when the app's registration lapsed while the page was open", async () => {
    await world.advance(90 * 86_400_000 - 60_000);
    const { handle } = await ask();
    await world.advance(120_000);
    await isRefused(await browser.decide(approval(handle)), 400, "This app is not known here");
  });

  it("can be given in two windows at once", async () => {
    const [one, two] = [await ask(), await ask()];
    await isApproved(await browser.decide(approval(two.handle)), two.verifier);
    await isApproved(await browser.decide(approval(one.handle)), one.verifier);
  });
});
