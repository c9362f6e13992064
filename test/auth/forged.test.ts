import { randomPKCECodeVerifier } from "openid-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_KEY, ORIGIN, UPSTREAM_TOKEN, type World } from "../world.ts";
import { createBrowser } from "./browser.ts";
import {
  approve,
  callMcp,
  clientWithId,
  type OAuthClient,
  readTokens,
  registerClient,
  type Tokens,
} from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const KB = 1024;
const errorSchema = z.strictObject({ error: z.string(), error_description: z.string() });
const registrationSchema = z.looseObject({ client_id: z.string(), client_secret: z.string() });
type Changes = Readonly<Record<string, string | null>>;

describe("what was forged, swapped, cut off or blown up", () => {
  let world: World;
  let client: OAuthClient;
  let other: OAuthClient;
  beforeEach(async () => {
    world = createSignInWorld();
    client = await registerClient(world);
    other = await registerClient(world, { name: "Another app" });
  });
  afterEach(() => world.end());

  const newCode = async (of = client) => {
    const { url, verifier } = await of.authorizeUrl();
    const back = await approve(createBrowser(world), url, { secret: ACCESS_KEY });
    return { code: back.searchParams.get("code") ?? "", verifier };
  };
  const errorOf = async (response: Response) => {
    const text = await response.text();
    for (const secret of [ACCESS_KEY, UPSTREAM_TOKEN]) expect(text).not.toContain(secret);
    return [response.status, errorSchema.parse(JSON.parse(text)).error];
  };

  /** What is changed in a redemption that is right otherwise, given its code and the other app's. */
  const REDEMPTIONS: readonly [
    what: string,
    change: (code: string, foreign: string) => Changes,
    answer: [number, string],
  ][] = [
    ["without a verifier", () => ({ code_verifier: null }), [400, "invalid_request"]],
    ["with another verifier", () => ({ code_verifier: randomPKCECodeVerifier() }), [400, "invalid_grant"]],
    ["without its code", () => ({ code: null }), [400, "invalid_request"]],
    ["with half a code", (code) => ({ code: code.slice(0, -1) }), [400, "invalid_grant"]],
    ["with more than a code", (code) => ({ code: `${code}x` }), [400, "invalid_grant"]],
    ["with a code of one part", () => ({ code: "code" }), [400, "invalid_grant"]],
    ["with a code of nobody", () => ({ code: "::" }), [400, "invalid_grant"]],
    [
      "with a code of somebody else",
      (code) => ({ code: code.replace("owner", "service") }),
      [400, "invalid_grant"],
    ],
    ["with another app's code", (_, foreign) => ({ code: foreign }), [400, "invalid_grant"]],
    ["with a code of 60 KB", () => ({ code: `owner:${"x".repeat(60 * KB)}:x` }), [400, "invalid_grant"]],
    ["by another app", () => ({ client_id: other.clientId }), [400, "invalid_grant"]],
    ["by nobody", () => ({ client_id: null }), [401, "invalid_client"]],
    ["by an app that is not registered", () => ({ client_id: "0123456789abcdef" }), [401, "invalid_client"]],
    ["by a prototype", () => ({ client_id: "__proto__" }), [401, "invalid_client"]],
    ["by an app whose id has 1 KB", () => ({ client_id: "x".repeat(KB) }), [401, "invalid_client"]],
    ["by an app whose id has 8 KB", () => ({ client_id: "é".repeat(4 * KB) }), [401, "invalid_client"]],
    ["with a secret it does not have", () => ({ client_secret: "s" }), [401, "invalid_client"]],
    ["with half an assertion", () => ({ client_assertion: "a.b.c" }), [400, "invalid_request"]],
    ["for another port", () => ({ redirect_uri: "http://127.0.0.1:1/callback" }), [400, "invalid_grant"]],
    ["for another address", () => ({ redirect_uri: "https://evil.test/" }), [400, "invalid_grant"]],
    ["for another resource", () => ({ resource: "https://evil.test/mcp" }), [400, "invalid_target"]],
    ["for our origin", () => ({ resource: ORIGIN }), [400, "invalid_target"]],
    ["without a grant type", () => ({ grant_type: null }), [400, "unsupported_grant_type"]],
    ["by password", () => ({ grant_type: "password" }), [400, "unsupported_grant_type"]],
    ["by credentials", () => ({ grant_type: "client_credentials" }), [400, "unsupported_grant_type"]],
    [
      "by exchange",
      () => ({ grant_type: "urn:ietf:params:oauth:grant-type:token-exchange" }),
      [400, "unsupported_grant_type"],
    ],
    [
      "by assertion",
      () => ({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer" }),
      [400, "unsupported_grant_type"],
    ],
    [
      "as a refresh token",
      (code) => ({ grant_type: "refresh_token", refresh_token: code }),
      [400, "invalid_grant"],
    ],
  ];

  it("is not redeemed, and leaves the code to its app", async () => {
    const { code, verifier } = await newCode();
    const foreign = await newCode(other);
    for (const [what, change, answer] of REDEMPTIONS) {
      const response = await client.redeem(code, verifier, change(code, foreign.code));
      expect(await errorOf(response), what).toEqual(answer);
    }
    expect((await readTokens(await client.redeem(code, verifier))).scope).toBe("veo offline_access");
    expect((await readTokens(await other.redeem(foreign.code, foreign.verifier))).scope).toBe(
      "veo offline_access",
    );
  });

  it("is not redeemed ten minutes late", async () => {
    const [early, late] = [await newCode(), await newCode()];
    await world.advance(599_000);
    await readTokens(await client.redeem(early.code, early.verifier));
    await world.advance(1000);
    expect(await errorOf(await client.redeem(late.code, late.verifier))).toEqual([400, "invalid_grant"]);
  });

  it.each([
    [
      "said twice",
      "grant_type=refresh_token&refresh_token=a:b:c&refresh_token=a:b:c&client_id=CLIENT",
      undefined,
      400,
    ],
    [
      "for two resources",
      `grant_type=refresh_token&refresh_token=a:b:c&client_id=CLIENT&resource=${ORIGIN}/mcp&resource=https://evil.test`,
      undefined,
      400,
    ],
    ["by two apps", "grant_type=refresh_token&client_id=CLIENT&client_id=x", undefined, 400],
    ["as JSON", '{"grant_type":"refresh_token"}', "application/json", 400],
    ["as a file", "--x\r\n", "multipart/form-data; boundary=x", 400],
    ["as nothing", "", undefined, 401],
    ["as broken bytes", "%ff=%zz&%00=&__proto__=1&constructor=1&client_id=CLIENT", undefined, 400],
    ["with a token of nothing", "token=&client_id=CLIENT", undefined, 400],
    ["with a token of 60 KB", `token=${"x:".repeat(30 * KB)}&client_id=CLIENT`, undefined, 200],
    [
      "with a token of a person of 60 KB",
      `token=${"x".repeat(60 * KB)}:a:b&client_id=CLIENT`,
      undefined,
      200,
    ],
  ])("is refused at the token endpoint %s", async (_what, body, type, status) => {
    const response = await world.fetch("/oauth/token", {
      method: "POST",
      headers: { "content-type": type ?? "application/x-www-form-urlencoded" },
      body: body.replace("CLIENT", client.clientId),
    });
    expect(response.status).toBe(status);
    if (status !== 200) await errorOf(response);
    else expect(await response.text()).toBe("");
  });

  it.each([
    "Basic",
    "Basic %%%",
    `Basic ${btoa("nobody")}`,
    `Basic ${btoa("nobody:x")}`,
    `Basic ${btoa("%zz:%zz")}`,
  ])("is refused as client authentication: %s", async (authorization) => {
    const response = await world.fetch("/oauth/token", {
      method: "POST",
      headers: { authorization },
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a:b:c" }),
    });
    expect(await errorOf(response)).toEqual([401, "invalid_client"]);
  });

  it("opens nothing at /mcp, and renews nothing", async () => {
    const { code, verifier } = await newCode();
    const tokens: Tokens = await readTokens(await client.redeem(code, verifier));
    const { access_token: access, refresh_token: refresh } = tokens;
    const [user = "", grant = "", secret = ""] = access.split(":");
    const headers = [
      ...[code, refresh, secret, grant, `${user}:${grant}`, `${user}:${grant}:`, `:${grant}:${secret}`, "::"],
      ...[access.slice(0, -1), `${access}x`, access.toUpperCase(), `service:${grant}:${secret}`],
      ...[
        `${user}:${grant}:${"x".repeat(10 * KB)}`,
        `${"x".repeat(600)}:${grant}:${secret}`,
        `${"x".repeat(10 * KB)}:a:b`,
      ],
      ...[`${access},${access}`, `${access} ${access}`, `"${access}"`, `${access}:`, `${access}\t`.repeat(2)],
      ...[client.clientId, "null", "undefined", "__proto__:__proto__:__proto__", "%6fwner:a:b"],
    ].map((credential) => `Bearer ${credential}`);
    const others = [
      access,
      `Basic ${btoa(access)}`,
      `Bearer${access}`,
      `Token ${access}`,
      `DPoP ${access}`,
      "Bearer",
      "Bearer ",
    ];
    for (const authorization of [...headers, ...others]) {
      const response = await callMcp(world, "", "tools/list", {}, { authorization });
      const what = authorization.slice(0, 100);
      expect(response.status, what).toBe(401);
      expect(response.headers.get("www-authenticate"), what).toContain("resource_metadata=");
      expect(await response.text(), what).not.toContain(secret);
    }
    expect((await callMcp(world, access)).status).toBe(200);
    for (const forged of [
      access,
      code,
      refresh.slice(0, -1),
      `${refresh}x`,
      "::",
      refresh.replace("owner", "other"),
      "x".repeat(60 * KB),
    ])
      expect(await errorOf(await client.refresh(forged)), forged.slice(0, 100)).toEqual([
        400,
        "invalid_grant",
      ]);
    expect(await errorOf(await other.refresh(refresh))).toEqual([400, "invalid_grant"]);
    expect(await errorOf(await client.refresh(refresh, { resource: "https://evil.test/mcp" }))).toEqual([
      400,
      "invalid_target",
    ]);
    expect((await client.refresh(refresh)).status).toBe(200);
  });

  it("includes the secret of an app that has one", async () => {
    const registered = await world.fetch("/oauth/register", {
      method: "POST",
      body: JSON.stringify({ client_name: "With a secret", redirect_uris: [client.redirectUri] }),
    });
    const { client_id, client_secret } = registrationSchema.parse(await registered.json());
    const confidential = clientWithId(world, client_id);
    const { code, verifier } = await newCode(confidential);
    const redeem = (changed: Changes = {}) => confidential.redeem(code, verifier, changed);
    expect(await errorOf(await redeem())).toEqual([401, "invalid_client"]);
    expect(await errorOf(await redeem({ client_secret: `${client_secret}x` }))).toEqual([
      401,
      "invalid_client",
    ]);
    expect(await errorOf(await redeem({ client_secret, code_verifier: null }))).toEqual([
      400,
      "invalid_request",
    ]);
    const { refresh_token } = await readTokens(await redeem({ client_secret }));
    expect(await errorOf(await confidential.refresh(refresh_token))).toEqual([401, "invalid_client"]);
    expect(await errorOf(await client.refresh(refresh_token, { client_secret }))).toEqual([
      401,
      "invalid_client",
    ]);
    expect((await confidential.refresh(refresh_token, { client_secret })).status).toBe(200);
  });
});
