import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { createBrowser, handleOn, locationOf } from "./browser.ts";
import { createDocumentHosts, type DocumentHandler, type DocumentHosts } from "./document-hosts.ts";
import { approve, callMcp, clientWithId, readTokens } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const APP = "https://app.example/oauth/client.json";
const EVIL = "https://evil.example/doc.json";
const CALLBACK = "https://app.example/callback";
const COULD_NOT = "This app could not be verified";
const NOT_REACHED = "which this server could not fetch";

const json =
  (document: unknown, init: ResponseInit = {}): DocumentHandler =>
  () =>
    Response.json(document, init);
const documentOf = (client_id: string, changed: Record<string, unknown> = {}) => ({
  client_id,
  client_name: "A good app",
  redirect_uris: [CALLBACK],
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
  ...changed,
});
const redirectTo =
  (location: string): DocumentHandler =>
  () =>
    new Response(null, { status: 302, headers: { location } });
/** What the one who follows the redirect would find: a document that fits. */
const LONG_ADDRESS = `https://app.example/out?to=evil&pad=${"x".repeat(600)}`;

describe("an app that publishes what it is", () => {
  let world: World;
  let hosts: DocumentHosts;
  beforeEach(() => {
    hosts = createDocumentHosts("example");
    world = createSignInWorld({ identity: [hosts] });
    // The library says there what is wrong with a document.
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
  });
  afterEach(() => world.end());

  const open = async (clientId: string, redirectUri = CALLBACK) => {
    const { url } = await clientWithId(world, clientId, redirectUri).authorizeUrl();
    return createBrowser(world).open(url);
  };
  const isRefused = async (response: Response, message: string) => {
    const text = await response.text();
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    expect(text).toContain(message);
    expect(text).not.toContain("Published by");
    expect(response.headers.getSetCookie()).toEqual([]);
  };

  it("is shown with its domain, and signs in without having registered", async () => {
    hosts.put(APP, json(documentOf(APP)));
    const client = clientWithId(world, APP, CALLBACK);
    const { url, verifier } = await client.authorizeUrl();
    const browser = createBrowser(world);
    const response = await browser.open(url);
    const page = await response.text();
    expect(page).toContain("<bdi>A good app</bdi>");
    expect(page).toMatch(/Published by <strong>app\.example<\/strong>/);
    expect(page).not.toContain("not verified");
    const back = await approve(browser, url, { secret: ACCESS_KEY });
    expect(`${back.origin}${back.pathname}`).toBe(CALLBACK);
    const tokens = await readTokens(await client.redeem(back.searchParams.get("code") ?? "", verifier));
    const renewed = await readTokens(await client.refresh(tokens.refresh_token));
    expect((await callMcp(world, renewed.access_token)).status).toBe(200);
    // Its address is not one of the document's: nothing is sent there.
    await isRefused(await open(APP, "https://evil.example/callback"), "Invalid redirect URI");
  });

  it.each<[what: string, address: string, handler: DocumentHandler, message?: string]>([
    ["redirects", APP, redirectTo(EVIL)],
    ["redirects to its own host", APP, redirectTo("/other.json")],
    ["redirects at an address longer than any key", LONG_ADDRESS, redirectTo(EVIL)],
    [
      "redirects only those who say what they are, as a firewall makes it",
      APP,
      (request) =>
        request.headers.has("user-agent")
          ? redirectTo(EVIL)(request)
          : new Response("forbidden", { status: 403 }),
    ],
  ])(
    "is not taken for the one at whose address there is something that %s",
    async (_what, address, handler, message = "redirects to another address") => {
      hosts.put(address, handler);
      for (const target of [EVIL, "https://app.example/other.json"])
        hosts.put(target, json(documentOf(address)));
      await isRefused(await open(address), message);
      expect(hosts.asked).not.toContain(EVIL);
      expect(hosts.asked).not.toContain("https://app.example/other.json");
    },
  );

  it("is never looked for in a private network or here, at whichever endpoint it names itself", async () => {
    for (const id of [
      `${ORIGIN}/authorize?client_id=x`,
      "https://10.0.0.1/c.json",
      "https://intranet./c.json",
    ]) {
      await isRefused(await open(id), "not on the public internet");
      const answer = await clientWithId(world, id).redeem("owner:g:c", "v".repeat(43));
      expect([answer.status, await answer.json()]).toMatchObject([401, { error: "invalid_client" }]);
    }
    expect(hosts.unexpected).toEqual([]);
  });

  it("is not taken for the one whose host did not answer the first time, and redirects the second", async () => {
    for (const first of [429, 503, 0]) {
      let times = 0;
      hosts.put(APP, (request) => {
        times += 1;
        if (times > 1) return redirectTo(EVIL)(request);
        if (first === 0) throw new TypeError("connection refused");
        return new Response("later", { status: first });
      });
      hosts.put(EVIL, json(documentOf(APP)));
      await isRefused(await open(APP), "");
      expect(hosts.asked).not.toContain(EVIL);
    }
  });

  it.each([
    "https://10.0.0.1/doc",
    "https://192.168.1.1/doc",
    "https://169.254.169.254/latest",
    "https://127.0.0.1/doc",
    "https://0x7f.1/doc",
    "https://2130706433/doc",
    "https://[::1]/doc",
    "https://[::ffff:10.0.0.1]/doc",
    "https://[fd00::1]/doc",
    "https://localhost/doc",
    "https://localhost./doc",
    "https://LOCALHOST/doc",
    "https://app.localhost/doc",
    "https://intranet/doc",
    "https://intranet./doc",
    "https://metadata.google.internal/doc",
    "https://metadata.google.internal./doc",
    "https://printer.local/doc",
    "https://router.lan/doc",
    "https://nas.home.arpa/doc",
    `https://10.0.0.1/${"x".repeat(600)}`,
    // No name in the DNS is so long.
    `https://${"a.".repeat(150)}example/doc`,
  ])("cannot have us ask inside a network: %s", async (clientId) => {
    // The world fails at its end if anything was asked of an address that none of these hosts has.
    await isRefused(await open(clientId), "not on the public internet");
  });

  it.each<[what: string, handler: DocumentHandler | undefined, status?: number]>([
    ["not there", undefined, 404],
    ["not to be had", () => new Response("no", { status: 500 }), 500],
    ["on a host that is down", () => Promise.reject(new TypeError("connection refused"))],
  ])(
    "is refused on a page of its own when its document is %s, and the log names the host",
    async (_, handler, status) => {
      hosts.put(APP, handler);
      const warnings: unknown[] = [];
      vi.spyOn(console, "warn").mockImplementation((line) => void warnings.push(JSON.parse(String(line))));
      world.deploy({ LOG_LEVEL: "warn" });
      const page = await open(APP);
      const text = await page.clone().text();
      await isRefused(page, NOT_REACHED);
      expect(text).toContain("described by a document at app.example, ");
      expect(text).toContain(status === undefined ? "could not fetch." : `could not fetch (HTTP ${status}).`);
      expect(warnings).toEqual([
        {
          event: "client_document_unreachable",
          host: "app.example",
          ...(status !== undefined && { status }),
        },
      ]);
    },
  );

  it.each<[what: string, handler: DocumentHandler]>([
    ["too large", json(documentOf(APP, { padding: "x".repeat(5 * 1024) }))],
    [
      "too large and does not say so",
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new TextEncoder().encode(" ".repeat(1024))),
          }),
        ),
    ],
    ["another's", json(documentOf(EVIL))],
    ["another's by a letter", json(documentOf(APP.toUpperCase()))],
    ["a page", () => new Response("<!doctype html><p>Hello", { headers: { "content-type": "text/html" } })],
    ["not UTF-8", () => new Response(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))],
    ["empty", () => new Response(null)],
    ["a list", json([documentOf(APP)])],
    ["null", json(null)],
    ["without a name", json(documentOf(APP, { client_name: " " }))],
    ["without an address", json(documentOf(APP, { redirect_uris: [] }))],
    ["with a script as address", json(documentOf(APP, { redirect_uris: [CALLBACK, "javascript:alert(1)"] }))],
    ["with a secret in it", json(documentOf(APP, { client_secret: "s" }))],
    [
      "for another kind of client",
      json(documentOf(APP, { token_endpoint_auth_method: "client_secret_basic" })),
    ],
  ])("is refused on a page when its document is %s", async (_what, handler) => {
    hosts.put(APP, handler);
    await isRefused(await open(APP), COULD_NOT);
  });

  it("is refused when its host answers too late", async () => {
    hosts.put(
      APP,
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    // Read where it was made: in the object whose timers let the time pass.
    const refused = open(APP).then(async (response) => ({
      status: response.status,
      text: await response.text(),
    }));
    expect(await world.until(refused)).toEqual({ status: 400, text: expect.stringContaining(NOT_REACHED) });
  });

  it.each([
    ["has a name in its address", "https://user:pw@app.example/doc"],
    ["climbs", "https://app.example/a/../doc"],
    ["climbs in code", "https://app.example/a/%2e%2e/doc"],
    ["has a fragment", `${APP}#x`],
    ["has no path", "https://app.example"],
    ["has no TLS", "http://app.example/doc"],
    ["begins with a space", ` ${APP}`],
    ["is a script", "javascript:alert(1)"],
    ["is data", "data:application/json,{}"],
  ])("is refused on a page when its id %s", async (_what, clientId) => {
    hosts.put(APP, json(documentOf(APP)));
    await isRefused(await open(clientId), "");
  });

  it("is asked about again before it gets a code, and before it gets a token", async () => {
    hosts.put(APP, json(documentOf(APP)));
    const client = clientWithId(world, APP, CALLBACK);
    const browser = createBrowser(world);
    const ask = async () => handleOn(await browser.open((await client.authorizeUrl()).url));
    const decide = (handle: string) => browser.decide({ handle, decision: "approve", secret: ACCESS_KEY });

    const [gone, moved] = [await ask(), await ask()];
    const { url, verifier } = await client.authorizeUrl();
    const back = await approve(browser, url, { secret: ACCESS_KEY });
    const code = back.searchParams.get("code") ?? "";
    hosts.put(APP, json(documentOf(APP, { redirect_uris: ["https://app.example/new"] })));
    await isRefused(await decide(moved), "");
    hosts.put(APP, undefined);
    await isRefused(await decide(gone), COULD_NOT);
    const refused = await client.redeem(code, verifier);
    expect([refused.status, await refused.json()]).toEqual([
      401,
      { error: "invalid_client", error_description: "Client not found" },
    ]);
    hosts.put(APP, json(documentOf(APP)));
    await readTokens(await client.redeem(code, verifier));
  });

  it("is remembered for as long as its document says, once a sign-in has begun", async () => {
    // One that no other test asks for: what is remembered outlives a test.
    const address = "https://app.example/remembered.json";
    hosts.put(address, json(documentOf(address), { headers: { "cache-control": "max-age=3600" } }));
    const client = clientWithId(world, address, CALLBACK);
    const browser = createBrowser(world);
    const { url, verifier } = await client.authorizeUrl();
    const handle = await handleOn(await browser.open(url));
    hosts.put(address, undefined);
    const decided = await browser.decide({ handle, decision: "approve", secret: ACCESS_KEY });
    await readTokens(await client.redeem(locationOf(decided).searchParams.get("code") ?? "", verifier));
    // Once to see that it redirects nowhere, and once to read it.
    expect(hosts.asked).toEqual([address, address]);
    await isRefused(await open(address), NOT_REACHED);
  });
});
