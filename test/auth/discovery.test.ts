import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { createBrowser, locationOf } from "./browser.ts";
import { approve, callMcp, readTokens, registerClient } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const RESOURCE = "/.well-known/oauth-protected-resource/mcp";
const SERVER = "/.well-known/oauth-authorization-server";
const CHALLENGE = `Bearer realm="OAuth", resource_metadata="${ORIGIN}${RESOURCE}"`;
/** What a proxy would say of the request it passes on: here anybody may say it. */
const FORWARDED = {
  "x-forwarded-host": "evil.test",
  "x-forwarded-proto": "http",
  "x-forwarded-server": "evil.test",
  "x-original-host": "evil.test",
  "x-original-url": "/evil",
  forwarded: "host=evil.test;proto=http",
};

describe("what a client finds out before it signs in", () => {
  let world: World;
  beforeEach(() => {
    world = createSignInWorld();
  });
  afterEach(() => world.end());

  const resourceOf = (origin: string) => ({
    resource: `${origin}/mcp`,
    authorization_servers: [origin],
    scopes_supported: ["veo"],
    bearer_methods_supported: ["header"],
    resource_name: "Veo MCP",
  });
  const serverOf = (origin: string) => ({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    protected_resources: [`${origin}/mcp`],
    registration_endpoint: `${origin}/oauth/register`,
    scopes_supported: ["veo", "offline_access"],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    token_endpoint_auth_methods_supported: [
      "client_secret_basic",
      "client_secret_post",
      "none",
      "private_key_jwt",
    ],
    token_endpoint_auth_signing_alg_values_supported: ["RS256", "ES256"],
    revocation_endpoint: `${origin}/oauth/token`,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  });
  const json = async (address: string | URL, headers: Record<string, string> = {}): Promise<unknown> =>
    (await world.fetch(address, { headers })).json();

  it("is exactly this, whatever a header says of the host", async () => {
    for (const headers of [{}, FORWARDED]) {
      expect(await json(RESOURCE, headers)).toEqual(resourceOf(ORIGIN));
      expect(await json(SERVER, headers)).toEqual(serverOf(ORIGIN));
    }
  });

  it.each([
    ["nothing", {}, ""],
    ["a token nobody issued", { authorization: "Bearer owner:abc:def" }, ', error="invalid_token"'],
    ["a key that is wrong", { authorization: "Bearer 0000000000000000" }, ', error="invalid_token"'],
    ["its key in the address", {}, "", `?access_token=${ACCESS_KEY}`],
  ])("tells a caller who brings %s where to sign in", async (_what, headers, error, query = "") => {
    for (const forwarded of [{}, FORWARDED]) {
      const response = await world.fetch(`/mcp${query}`, {
        method: "POST",
        headers: { ...headers, ...forwarded, origin: ORIGIN },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe(`${CHALLENGE}${error}, scope="veo"`);
      expect(response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(response.headers.get("access-control-expose-headers")).toContain("www-authenticate");
      expect(await response.text()).not.toContain(ACCESS_KEY);
    }
  });

  it.each([
    ["/oauth/token", { body: new URLSearchParams({ grant_type: "password" }) }, 401],
    ["/oauth/token", { body: "x".repeat(70_000) }, 413],
    ["/oauth/register", { body: "{" }, 400],
    ["/oauth/register", { body: "x".repeat(70_000) }, 413],
    [RESOURCE, undefined, 200],
    [SERVER, undefined, 200],
  ])("can be read by a client in a web page: %s, %o", async (path, init, status) => {
    const origin = "https://app.test";
    const preflight = await world.fetch(path, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    const response = await world.fetch(path, {
      ...(init !== undefined && { method: "POST", ...init }),
      headers: { origin },
    });
    expect(response.status).toBe(status);
    expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    // A page may read, and has no cookie of ours to read with.
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
    await response.text();
  });

  it("shows the consent page, and where it leads, to no other page", async () => {
    const { url } = await (await registerClient(world)).authorizeUrl();
    const page = await world.fetch(url, { headers: { origin: "https://app.test" } });
    expect(page.status).toBe(200);
    expect(page.headers.get("access-control-allow-origin")).toBeNull();
    await page.text();
  });

  it("is of each host for itself: what one of them issues is worth nothing at another", async () => {
    const other = "https://other.test";
    expect(await json(`${other}${RESOURCE}`)).toEqual(resourceOf(other));
    expect(await json(`${other}${SERVER}`)).toEqual(serverOf(other));
    // More hosts than are kept in memory.
    for (let number = 0; number < 20; number += 1) {
      const host = `https://host-${number}.test`;
      expect(await json(`${host}${SERVER}`)).toEqual(serverOf(host));
    }
    expect(await json(RESOURCE)).toEqual(resourceOf(ORIGIN));

    const client = await registerClient(world);
    const { url, verifier } = await client.authorizeUrl();
    const back = await approve(createBrowser(world), url, { secret: ACCESS_KEY });
    const code = back.searchParams.get("code") ?? "";
    expect(back.searchParams.get("iss")).toBe(ORIGIN);
    const { access_token } = await readTokens(await client.redeem(code, verifier));
    const elsewhere = await callMcp(
      { fetch: (path, init) => world.fetch(`${other}${path}`, init) },
      access_token,
    );
    expect(elsewhere.status).toBe(401);
    expect(elsewhere.headers.get("www-authenticate")).toBe(
      `Bearer realm="OAuth", resource_metadata="${other}${RESOURCE}", error="invalid_token", scope="veo"`,
    );
    await elsewhere.text();
    expect((await callMcp(world, access_token)).status).toBe(200);
    // Nor can a request for the other host's resource be made here.
    const { url: foreign } = await client.authorizeUrl({ resource: `${other}/mcp` });
    expect(locationOf(await createBrowser(world).open(foreign)).searchParams.get("error")).toBe(
      "invalid_target",
    );
  });

  it("is pinned by PUBLIC_URL, and no request for another host gets further than the door", async () => {
    const pinned = "https://veo.example";
    world.deploy({ PUBLIC_URL: pinned });
    for (const path of [RESOURCE, SERVER, "/authorize", "/oauth/token", "/oauth/register", "/mcp", "/"]) {
      const response = await world.fetch(path, {
        headers: { ...FORWARDED, "x-forwarded-host": "veo.example" },
      });
      expect([response.status, await response.text()]).toEqual([421, "This host is not served here.\n"]);
    }
    expect(await json(`${pinned}${SERVER}`, FORWARDED)).toEqual(serverOf(pinned));
  });

  it("leads no browser elsewhere for a forwarded host", async () => {
    const client = await registerClient(world);
    const browser = createBrowser(world);
    const { url } = await client.authorizeUrl();
    const page = await browser.open(url, { headers: FORWARDED });
    const text = await page.text();
    expect(text).toContain('action="/authorize"');
    expect(text + JSON.stringify([...page.headers])).not.toContain("evil.test");
    const [, handle = ""] = /name="handle" value="([^"]+)"/.exec(text) ?? [];
    const denied = await browser.decide({ handle, decision: "deny" }, { headers: FORWARDED });
    const { origin, searchParams } = locationOf(denied);
    expect([origin, searchParams.get("iss")]).toEqual(["http://127.0.0.1:41234", ORIGIN]);
    const landing = await (await world.fetch("/", { headers: FORWARDED })).text();
    expect(landing).toContain(`${ORIGIN}/mcp`);
    expect(landing).not.toContain("evil.test");
  });
});
