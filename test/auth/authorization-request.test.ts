import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { createBrowser, locationOf } from "./browser.ts";
import { approve, clientWithId, type OAuthClient, readTokens, registerClient } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const LOOPBACK = "http://127.0.0.1:41234/callback";
const WEB = "https://app.test/callback?tenant=1";
const PRIVATE_USE = "cursor://anysphere.cursor-mcp/oauth/callback";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const registrationSchema = z.looseObject({ client_id: z.string(), redirect_uris: z.array(z.string()) });

describe("an authorization request", () => {
  let world: World;
  let client: OAuthClient;
  beforeEach(async () => {
    world = createSignInWorld();
    client = await registerClient(world, { redirectUris: [LOOPBACK, WEB, PRIVATE_USE] });
  });
  afterEach(() => world.end());

  const open = async (changed: Record<string, string | null>, of = client) =>
    createBrowser(world).open((await of.authorizeUrl(changed)).url);
  const register = (metadata: Record<string, unknown>) =>
    world.fetch("/oauth/register", { method: "POST", body: JSON.stringify(metadata) });

  it.each([
    ["none", null],
    ["an empty one", ""],
    ["a suffix", `${WEB}.evil.test`],
    ["a longer path", "https://app.test/callback/evil?tenant=1"],
    ["a shorter path", "https://app.test/?tenant=1"],
    ["a path that climbs", "https://app.test/callback/../evil?tenant=1"],
    ["a name before the host", "https://app.test@evil.test/callback?tenant=1"],
    ["a name at the host", "https://user@app.test/callback?tenant=1"],
    ["a name at loopback", "http://app@127.0.0.1:41234/callback"],
    ["another host", "https://evil.test/callback?tenant=1"],
    ["a sub-domain", "https://evil.app.test/callback?tenant=1"],
    ["a lookalike", "https://аpp.test/callback?tenant=1"],
    ["an upper-case host", "https://APP.test/callback?tenant=1"],
    ["a backslash", "https://app.test\\@evil.test/callback?tenant=1"],
    ["another port", "https://app.test:8443/callback?tenant=1"],
    ["no TLS", "http://app.test/callback?tenant=1"],
    ["an extra query", `${WEB}&next=https://evil.test`],
    ["another query", "https://app.test/callback?tenant=2"],
    ["no query", "https://app.test/callback"],
    ["a query at loopback", `${LOOPBACK}?next=https://evil.test`],
    ["a fragment", `${WEB}#x`],
    ["an empty fragment", `${WEB}#`],
    ["a fragment at loopback", `${LOOPBACK}#x`],
    ["a line break", `${WEB}\r\nlocation: https://evil.test`],
    ["a space at the end", `${WEB} `],
    ["another name of loopback", "http://localhost:41234/callback"],
    ["another path of loopback", "http://127.0.0.1:41234/evil"],
    ["loopback with TLS", "https://127.0.0.1:41234/callback"],
    ["a name that only begins like loopback", "http://127.0.0.1.evil.test:41234/callback"],
    ["javascript:", "javascript:alert(1)//https://app.test/callback"],
    ["data:", "data:text/html,x"],
    ["a relative one", "/callback"],
    ["a protocol-relative one", "//evil.test/callback"],
    // Cursor registers it beside the others: kept, and never used.
    ["a private-use scheme that is registered", PRIVATE_USE],
  ])("is refused on a page, without a redirect, when its address is %s", async (_what, redirect_uri) => {
    const response = await open({ redirect_uri });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.text()).toContain("Invalid redirect URI");
  });

  it.each([
    ["on the registered port", LOOPBACK],
    ["on any other port", "http://127.0.0.1:55555/callback"],
    ["without a port", "http://127.0.0.1/callback"],
    ["on the web", WEB],
  ])("may name an address %s, and the code goes there and nowhere else", async (_what, redirect_uri) => {
    const { url, verifier } = await client.authorizeUrl({ redirect_uri });
    const back = await approve(createBrowser(world), url, { secret: ACCESS_KEY });
    const expected = new URL(redirect_uri);
    expect([back.origin, back.pathname]).toEqual([expected.origin, expected.pathname]);
    for (const [name, value] of expected.searchParams) expect(back.searchParams.get(name)).toBe(value);
    await readTokens(await client.redeem(back.searchParams.get("code") ?? "", verifier, { redirect_uri }));
  });

  it.each([
    ["of an unknown app", "0123456789abcdef"],
    ["of an app whose id has 1 KB", "x".repeat(1024)],
    ["of an app whose id has 2 KB of Unicode", "é".repeat(300)],
    ["of a prototype", "__proto__"],
    ["of a key of the storage", "../grant:owner:x"],
    ["of nobody", null],
  ])("%s is refused on a page, which says what helps", async (_what, client_id) => {
    const response = await open({ client_id });
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    const page = await response.text();
    // Starting again from the app would lead here again.
    expect(page.includes("Remove this server from the app and add it again")).toBe(client_id !== null);
    expect(page.includes("start again from your app")).toBe(client_id === null);
  });

  it("of 8 KB is too long", async () => {
    const response = await open({ client_id: "x".repeat(8192) });
    expect([response.status, await response.json()]).toEqual([
      414,
      { error: "invalid_request", error_description: "The address is too long" },
    ]);
  });

  it.each([
    ["no PKCE", { code_challenge: null, code_challenge_method: null }, "invalid_request"],
    ["no challenge", { code_challenge: null }, "invalid_request"],
    ["no method", { code_challenge_method: null }, "invalid_request"],
    ["plain PKCE", { code_challenge_method: "plain" }, "invalid_request"],
    ["another method", { code_challenge_method: "S512" }, "invalid_request"],
    ["a short challenge", { code_challenge: CHALLENGE.slice(1) }, "invalid_request"],
    ["a long challenge", { code_challenge: `${CHALLENGE}x` }, "invalid_request"],
    ["a challenge that is none", { code_challenge: `${CHALLENGE.slice(1)}=` }, "invalid_request"],
    ["the implicit flow", { response_type: "token" }, "unsupported_response_type"],
    ["no response type", { response_type: null }, "invalid_request"],
    ["another resource", { resource: "https://evil.test/mcp" }, "invalid_target"],
    ["our origin as resource", { resource: ORIGIN }, "invalid_target"],
    ["a resource with a slash too many", { resource: `${ORIGIN}/mcp/` }, "invalid_target"],
  ])("with %s is refused at the app's address, for apps with a secret too", async (_what, changed, error) => {
    const withSecret = registrationSchema.parse(await (await register({ redirect_uris: [LOOPBACK] })).json());
    for (const of of [client, clientWithId(world, withSecret.client_id)]) {
      const response = await open({ state: "s1", ...changed }, of);
      const { origin, pathname, searchParams } = locationOf(response);
      expect(`${origin}${pathname}`).toBe(LOOPBACK);
      const { error_description, ...rest } = Object.fromEntries(searchParams);
      expect(rest).toEqual({ error, state: "s1", iss: ORIGIN });
      expect(error_description).toBeTruthy();
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    }
  });

  it("may leave the resource out, or add a query to it: there is one", async () => {
    for (const resource of [null, `${ORIGIN}/mcp?mode=direct`]) {
      const page = await open({ resource });
      expect(page.status).toBe(200);
      await page.text();
    }
  });

  it.each([
    ["javascript:", ["javascript:alert(1)"]],
    ["javascript: beside a good one", [LOOPBACK, "JavaScript:alert(1)"]],
    ["data:", ["data:text/html,x"]],
    ["a fragment", ["https://app.test/#x"]],
    ["a name", ["https://user:pw@app.test/"]],
    ["no TLS", ["http://app.test/callback"]],
    ["only a private-use scheme", [PRIVATE_USE]],
    ["something else", ["callback"]],
    ["a line break", ["https://app.test/\r\nx"]],
    ["a number", [1]],
    ["no list", "https://app.test/"],
    ["nothing", []],
    ["no list at all", undefined],
  ])("cannot come of an app that registers %s as its address", async (_what, redirect_uris) => {
    const response = await register({ redirect_uris, token_endpoint_auth_method: "none" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "invalid_client_metadata" });
  });

  it.each([
    ["nothing", "", 400],
    ["half of it", '{"redirect_uris":', 400],
    ["a list", "[]", 400],
    ["null", "null", 400],
    ["a name that is a number", `{"redirect_uris":["${LOOPBACK}"],"client_name":7}`, 400],
    ["grants that there are not", `{"redirect_uris":["${LOOPBACK}"],"grant_types":["password"]}`, 400],
    ["a logo that is a script", `{"redirect_uris":["${LOOPBACK}"],"logo_uri":"javascript:alert(1)"}`, 400],
    ["eight thousand levels", "[".repeat(8_000), 400],
    ["too much", JSON.stringify({ redirect_uris: [LOOPBACK], client_name: "x".repeat(65_536) }), 413],
  ])("cannot come of an app that registers with %s", async (_what, body, status) => {
    const response = await world.fetch("/oauth/register", { method: "POST", body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: expect.any(String) });
  });
});
