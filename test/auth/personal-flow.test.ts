import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_KEY, ORIGIN, type World } from "../world.ts";
import { createBrowser, handleOn, locationOf } from "./browser.ts";
import {
  approve,
  callMcp,
  type OAuthClient,
  readTokens,
  registerClient,
  signIn,
  type Tokens,
} from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const DAY_MS = 86_400_000;
const OWNER = { secret: ACCESS_KEY };
const CHALLENGE = `Bearer realm="OAuth", resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp"`;

const oauthErrorSchema = z.strictObject({ error: z.string(), error_description: z.string() });
const toolAnswerSchema = z.looseObject({
  result: z.looseObject({ structuredContent: z.record(z.string(), z.unknown()) }),
});

describe("signing in to a personal server", () => {
  let world: World;
  let client: OAuthClient;
  beforeEach(async () => {
    world = createSignInWorld();
    client = await registerClient(world);
  });
  afterEach(() => world.end());

  const statusOf = async (response: Promise<Response>) => {
    const answered = await response;
    await answered.text();
    return answered.status;
  };
  const works = (token: string) => statusOf(callMcp(world, token)).then((status) => status === 200);
  const errorOf = async (response: Promise<Response>) => {
    const answered = await response;
    return [answered.status, oauthErrorSchema.parse(await answered.json()).error];
  };
  const refreshed = async (token: string): Promise<Tokens> => readTokens(await client.refresh(token));
  const callTool = async (token: string, name: string, args: Record<string, unknown> = {}) => {
    const response = await world.until(callMcp(world, token, "tools/call", { name, arguments: args }));
    return toolAnswerSchema.parse(await response.json()).result.structuredContent;
  };

  it("goes from the consent page to tokens that are refreshed and revoked", async () => {
    const browser = createBrowser(world);
    const { url, verifier } = await client.authorizeUrl({ state: "st&te=1" });
    const page = await browser.open(url);
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const [cookie = ""] = page.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-veo-consent-[\da-f]{16}=[\da-f]{64}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
    );
    const decided = await browser.decide({ handle: await handleOn(page), decision: "approve", ...OWNER });
    const back = locationOf(decided);
    expect(`${back.origin}${back.pathname}`).toBe(client.redirectUri);
    expect([...back.searchParams.keys()]).toEqual(["code", "state", "iss"]);
    expect([back.searchParams.get("state"), back.searchParams.get("iss")]).toEqual(["st&te=1", ORIGIN]);
    // Our own address, with the request in it, is not for the app's server to see.
    expect(decided.headers.get("referrer-policy")).toBe("no-referrer");
    expect([...browser.cookies.keys()]).toEqual([]);

    const answer = await client.redeem(back.searchParams.get("code") ?? "", verifier);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const first = await readTokens(answer);
    expect(first).toMatchObject({
      token_type: "bearer",
      expires_in: 7 * 86_400,
      scope: "veo offline_access",
      resource: `${ORIGIN}/mcp`,
    });
    expect(await works(first.access_token)).toBe(true);

    // Rotated; an answer that was lost can be asked for again with the token before, until the new one is used.
    const lost = await refreshed(first.refresh_token);
    const second = await refreshed(first.refresh_token);
    expect(new Set([first, lost, second].map(({ refresh_token }) => refresh_token)).size).toBe(3);
    const third = await refreshed(second.refresh_token);
    expect(await errorOf(client.refresh(first.refresh_token))).toEqual([400, "invalid_grant"]);
    expect(await errorOf(client.refresh(lost.refresh_token))).toEqual([400, "invalid_grant"]);
    for (const { access_token } of [first, second, third]) expect(await works(access_token)).toBe(true);

    // One access token, then everything that came from this sign-in.
    expect(await statusOf(client.revoke(second.access_token))).toBe(200);
    expect(await works(second.access_token)).toBe(false);
    expect(await works(third.access_token)).toBe(true);
    expect(await statusOf(client.revoke(third.refresh_token))).toBe(200);
    expect(await works(first.access_token)).toBe(false);
    expect(await works(third.access_token)).toBe(false);
    expect(await errorOf(client.refresh(third.refresh_token))).toEqual([400, "invalid_grant"]);
    // A token that is gone is revoked (RFC 7009, section 2.2).
    expect(await statusOf(client.revoke(third.refresh_token))).toBe(200);
  });

  it("is the same account as with the key in the header, which works beside it", async () => {
    const { access_token } = await signIn(client, createBrowser(world), OWNER);
    const { submission_id } = await callTool(access_token, "veo_text_to_video", { prompt: "a fox" });
    await world.advance(90_000);
    expect(await callTool(ACCESS_KEY, "veo_get_task", { task_id: submission_id })).toMatchObject({
      submission_id,
      state: "succeeded",
    });
  });

  it("keeps other windows of an app signed in, and other apps' hands off them", async () => {
    const browser = createBrowser(world);
    const one = await signIn(client, browser, OWNER);
    const two = await signIn(client, browser, OWNER);
    expect(await Promise.all([works(one.access_token), works(two.access_token)])).toEqual([true, true]);
    const other = await registerClient(world, { name: "Another app" });
    // Revoking says 200 of any token, also of one that is not the client's to revoke.
    for (const token of [one.access_token, one.refresh_token])
      expect(await statusOf(other.revoke(token))).toBe(200);
    expect(await errorOf(other.refresh(one.refresh_token))).toEqual([400, "invalid_grant"]);
    expect(await works(one.access_token)).toBe(true);
    await client.revoke(one.refresh_token);
    expect(await works(one.access_token)).toBe(false);
    expect(await works(two.access_token)).toBe(true);
    expect(await works((await refreshed(two.refresh_token)).access_token)).toBe(true);
  });

  it.each([
    ["both scopes there are", "veo offline_access", "veo offline_access"],
    ["one", "veo", "veo"],
    ["none", null, "veo"],
    ["only a refresh token", "offline_access", "veo offline_access"],
    ["those of another server", "mcp:read openid claudeai", "veo"],
    ["everything it ever heard of", "openid profile email offline_access veo admin", "veo offline_access"],
  ])("grants an app that asks for %s what there is to grant", async (_what, scope, granted) => {
    const { url, verifier } = await client.authorizeUrl({ scope });
    const back = await approve(createBrowser(world), url, OWNER);
    const tokens = await readTokens(await client.redeem(back.searchParams.get("code") ?? "", verifier));
    expect(tokens.scope).toBe(granted);
    expect(await works(tokens.access_token)).toBe(true);
  });

  it("gives no more to a token than was asked for it, and no way in without `veo`", async () => {
    const { url, verifier } = await client.authorizeUrl();
    const back = await approve(createBrowser(world), url, OWNER);
    const code = back.searchParams.get("code") ?? "";
    // Nothing of it is granted, and the code is not used up.
    expect(await errorOf(client.redeem(code, verifier, { scope: "admin" }))).toEqual([400, "invalid_scope"]);
    const narrow = await readTokens(await client.redeem(code, verifier, { scope: "offline_access admin" }));
    expect(narrow.scope).toBe("offline_access");
    const refused = await callMcp(world, narrow.access_token);
    expect(refused.status).toBe(403);
    expect(refused.headers.get("www-authenticate")).toBe(
      `Bearer realm="OAuth", error="insufficient_scope", scope="veo", ${CHALLENGE.slice(CHALLENGE.indexOf("resource_metadata"))}`,
    );
    expect(await refused.json()).toEqual({ error: "insufficient_scope" });
    const widened = await readTokens(await client.refresh(narrow.refresh_token, { scope: "admin veo" }));
    expect([widened.scope, await works(widened.access_token)]).toEqual(["veo", true]);
    expect(await errorOf(client.refresh(widened.refresh_token, { scope: "admin" }))).toEqual([
      400,
      "invalid_scope",
    ]);
  });

  it("lasts 7 days, and 90 days after each refresh; the app's registration as long as it is in use", async () => {
    const browser = createBrowser(world);
    const idle = await signIn(client, browser, OWNER);
    const used = await signIn(client, browser, OWNER);
    await world.advance(7 * DAY_MS - 1000);
    expect(await works(used.access_token)).toBe(true);
    await world.advance(2000);
    const late = await callMcp(world, used.access_token);
    expect(late.status).toBe(401);
    expect(late.headers.get("www-authenticate")).toBe(`${CHALLENGE}, error="invalid_token", scope="veo"`);
    await late.text();

    let tokens = used;
    for (let times = 0; times < 3; times += 1) {
      await world.advance(80 * DAY_MS);
      tokens = await refreshed(tokens.refresh_token);
      expect(await works(tokens.access_token)).toBe(true);
    }
    // Nobody refreshed the other one, 247 days ago.
    expect(await errorOf(client.refresh(idle.refresh_token))).toEqual([400, "invalid_grant"]);
    const stranger = await registerClient(world);
    await world.advance(91 * DAY_MS);
    expect(await works(tokens.access_token)).toBe(false);
    // With its last grant, the registration has lapsed too: the app has to introduce itself again.
    expect(await errorOf(client.refresh(tokens.refresh_token))).toEqual([401, "invalid_client"]);
    const page = await createBrowser(world).open((await stranger.authorizeUrl()).url);
    expect(page.status).toBe(400);
    expect(await page.text()).toContain("Remove this server from the app and add it again");
  });
});
