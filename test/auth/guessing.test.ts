import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, type World } from "../world.ts";
import { type Browser, createBrowser, handleOn, locationOf } from "./browser.ts";
import { callMcp, type OAuthClient, registerClient } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const MINUTE_MS = 60_000;
const SECRET_KEY = "secret-key-of-these-tests-0123456789-0123456789";
const DEVICE = "__Host-veo-device";
const WRONG = "wrong-key-0123456789";

describe("guessing the access key on the page", () => {
  let world: World;
  let client: OAuthClient;
  beforeEach(async () => {
    world = createSignInWorld({ variables: { SECRET_KEY } });
    client = await registerClient(world);
  });
  afterEach(() => world.end());

  /** Types a key on a page of its own; the answer, as its status and how long it says to wait. */
  const type = async (browser: Browser, secret: string, headers: Record<string, string> = {}) => {
    const handle = await handleOn(await browser.open((await client.authorizeUrl()).url));
    const decided = await browser.decide({ handle, decision: "approve", secret }, { headers });
    const text = await decided.text();
    expect(text).not.toContain(ACCESS_KEY);
    const wait = decided.headers.get("retry-after");
    if (decided.status === 302) expect(locationOf(decided).searchParams.get("code")).toBeTruthy();
    else expect(decided.headers.get("location")).toBeNull();
    return wait === null ? decided.status : `${decided.status} after ${wait}`;
  };
  const from = (address: string) => createBrowser(world, { address });
  const guess = async (browser: Browser, times: number, answer: number | string = 403) => {
    for (let time = 0; time < times; time += 1) expect(await type(browser, WRONG)).toBe(answer);
  };
  /** As many strangers as it takes to use up what all together may guess. */
  const useUpAllGuesses = async () => {
    for (let stranger = 1; stranger <= 20; stranger += 1) await guess(from(`203.0.113.${stranger}`), 5);
  };

  it("ends after 5 for a quarter of an hour, also for who knows it by then, and nowhere else", async () => {
    const browser = from("192.0.2.1");
    for (let time = 0; time < 5; time += 1) {
      await guess(browser, 1);
      await world.advance(MINUTE_MS);
    }
    expect(await type(browser, ACCESS_KEY)).toBe("429 after 600");
    expect(await type(from("192.0.2.1"), ACCESS_KEY, { "x-forwarded-for": "192.0.2.9" })).toBe(
      "429 after 600",
    );
    expect(await type(from("192.0.2.2"), ACCESS_KEY)).toBe(302);
    // Apps that send the key in a header type nothing.
    const listed = await callMcp(world, ACCESS_KEY, "tools/list", {}, { "cf-connecting-ip": "192.0.2.1" });
    expect(listed.status).toBe(200);
    await listed.text();
    await world.advance(10 * MINUTE_MS - 1000);
    expect(await type(browser, ACCESS_KEY)).toBe("429 after 1");
    await world.advance(1000);
    // The oldest of the five has lapsed, and no other.
    await guess(browser, 1);
    expect(await type(browser, ACCESS_KEY)).toBe("429 after 60");
    await world.advance(MINUTE_MS);
    expect(await type(browser, ACCESS_KEY)).toBe(302);
  });

  it("is forgotten when the right one follows", async () => {
    world.deploy({ SECRET_KEY: undefined });
    const browser = from("192.0.2.1");
    for (let round = 0; round < 3; round += 1) {
      await guess(browser, 4);
      expect(await type(browser, ACCESS_KEY)).toBe(302);
    }
    await guess(browser, 5);
    expect(await type(browser, ACCESS_KEY)).toBe("429 after 900");
    expect(browser.cookies.has(DEVICE)).toBe(false);
  });

  it.each([
    [
      "addresses of one /64",
      ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:0DB8:0001:0002:0:0:0:7"],
      true,
    ],
    ["addresses of two /64", ["2001:db8:1:2::1", "2001:db8:1:3::1"], false],
    ["two short ones of one /64", ["2001:db8::1", "2001:db8::ffff:0:0:2"], true],
    ["neighbours in IPv4", ["192.0.2.1", "192.0.2.2"], false],
    ["IPv4 addresses written as IPv6", ["::ffff:192.0.2.1", "::ffff:192.0.2.2"], false],
  ])("counts %s as they should", async (_what, [first = "", ...others], areOne) => {
    await guess(from(first), 5);
    for (const other of others)
      expect(await type(from(other), ACCESS_KEY)).toBe(areOne ? "429 after 900" : 302);
  });

  it("ends after 100 an hour for everybody, but for a browser in which the owner signed in before", async () => {
    const owner = from("198.51.100.1");
    expect(await type(owner, ACCESS_KEY)).toBe(302);
    const device = owner.cookies.get(DEVICE) ?? "";
    expect(device).not.toBe("");
    await world.advance(MINUTE_MS);
    await useUpAllGuesses();

    expect(await type(from("192.0.2.7"), ACCESS_KEY)).toBe("429 after 3600");
    // Wherever it is now, and however often; what it guesses wrong counts for itself.
    expect(await type(owner, ACCESS_KEY)).toBe(302);
    const elsewhere = from("192.0.2.7");
    const withDevice = (value: string) => ({
      cookie: `${[...elsewhere.cookies].map(([n, v]) => `${n}=${v}`).join("; ")}; ${DEVICE}=${value}`,
    });
    const typeWith = async (value: string, secret = ACCESS_KEY) => {
      const handle = await handleOn(await elsewhere.open((await client.authorizeUrl()).url));
      const headers = withDevice(value);
      const answer = await world.fetch("/authorize", {
        method: "POST",
        headers: { ...headers, "cf-connecting-ip": "192.0.2.7" },
        body: new URLSearchParams({ handle, decision: "approve", secret }),
      });
      await answer.text();
      return answer.status;
    };
    expect(await typeWith(device)).toBe(302);
    const [id = "", signature = ""] = decodeURIComponent(device).split(/\.(?=[^.]*$)/);
    for (const forged of [
      id,
      `${id}.`,
      `${id}x.${signature}`,
      `${crypto.randomUUID()}.${signature}`,
      `${id}.${btoa("x".repeat(32))}`,
      "",
      "x".repeat(2000),
    ].map(encodeURIComponent))
      expect(await typeWith(forged), forged).toBe(429);
    for (const broken of ["%ff.%zz", "%", "=", device.slice(1), `${device}x`])
      expect(await typeWith(broken), broken).toBe(429);
    for (let time = 0; time < 5; time += 1) expect(await typeWith(device, WRONG)).toBe(403);
    expect(await typeWith(device)).toBe(429);

    await world.advance(60 * MINUTE_MS);
    expect(await type(from("192.0.2.7"), ACCESS_KEY)).toBe(302);
  });

  it("is held up in every browser, when a changed key has forgotten all devices", async () => {
    const owner = from("198.51.100.1");
    expect(await type(owner, ACCESS_KEY)).toBe(302);
    await useUpAllGuesses();
    world.deploy({ MCP_ACCESS_KEY: "another-key-0123456789" });
    expect(await type(owner, "another-key-0123456789")).toBe("429 after 3600");
  });

  it("cannot be done faster than it is counted: of 20 at the same time, 5 are compared", async () => {
    const browsers = Array.from({ length: 20 }, () => from("192.0.2.1"));
    const asked = await Promise.all(
      browsers.map(async (browser) => ({
        browser,
        handle: await handleOn(await browser.open((await client.authorizeUrl()).url)),
      })),
    );
    const answers = await Promise.all(
      asked.map(({ browser, handle }) => browser.decide({ handle, decision: "approve", secret: WRONG })),
    );
    await Promise.all(answers.map((answer) => answer.text()));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(403), count(429)]).toEqual([5, 15]);
    expect(await type(from("192.0.2.1"), ACCESS_KEY)).toBe("429 after 900");
  });

  it("is counted on while the counting object is out of memory", async () => {
    const browser = from("192.0.2.1");
    await guess(browser, 3);
    await evictDurableObject(env.SIGN_IN_GUARD.getByName("guard"));
    await guess(browser, 2);
    await evictDurableObject(env.SIGN_IN_GUARD.getByName("guard"));
    expect(await type(browser, ACCESS_KEY)).toBe("429 after 900");
  });

  it("is told in plain words when to come back", async () => {
    const browser = from("192.0.2.1");
    await guess(browser, 5);
    const handle = await handleOn(await browser.open((await client.authorizeUrl()).url));
    const page = await (await browser.decide({ handle, decision: "approve", secret: ACCESS_KEY })).text();
    expect(page).toContain("Too many attempts");
    expect(page).toContain("You can try again in 15 minutes.");
    expect(page).toContain("Apps that send the key in a header are not affected.");
  });
});
