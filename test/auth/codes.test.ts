import { randomPKCECodeVerifier } from "openid-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCESS_KEY, type World } from "../world.ts";
import { createBrowser } from "./browser.ts";
import { createHeldShards } from "./held-shards.ts";
import { approve, callMcp, type OAuthClient, readTokens, registerClient, signIn } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const TEN = Array.from({ length: 10 });
const errorSchema = z.strictObject({ error: z.string(), error_description: z.string() });

describe("codes and refresh tokens", () => {
  let world: World;
  let client: OAuthClient;
  let shards: ReturnType<typeof createHeldShards>;
  beforeEach(async () => {
    shards = createHeldShards();
    world = createSignInWorld({ bindings: shards.bindings });
    client = await registerClient(world);
  });
  afterEach(() => world.end());

  const newCode = async (changed: Record<string, string | null> = {}) => {
    const { url, verifier } = await client.authorizeUrl(changed);
    const back = await approve(createBrowser(world), url, { secret: ACCESS_KEY });
    return { code: back.searchParams.get("code") ?? "", verifier };
  };
  const errorOf = async (response: Promise<Response>) => {
    const answered = await response;
    return [answered.status, errorSchema.parse(await answered.json()).error];
  };
  const works = async (token: string) => {
    const response = await callMcp(world, token);
    await response.text();
    return response.status === 200;
  };

  it("let one of ten who redeem a code at the same time in, and what that one got works", async () => {
    const { code, verifier } = await newCode();
    const answers = await Promise.all(TEN.map(() => client.redeem(code, verifier)));
    const [winner, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    if (winner === undefined) throw new Error("nobody won");
    const tokens = await readTokens(winner);
    for (const loser of answers.filter((answer) => answer !== winner))
      expect(await errorOf(Promise.resolve(loser))).toEqual([400, "invalid_grant"]);
    expect(await works(tokens.access_token)).toBe(true);
    const renewed = await readTokens(await client.refresh(tokens.refresh_token));
    expect(await works(renewed.access_token)).toBe(true);
  });

  it("end everything that came of a code when it is used a second time", async () => {
    const { code, verifier } = await newCode();
    const tokens = await readTokens(await client.redeem(code, verifier));
    const renewed = await readTokens(await client.refresh(tokens.refresh_token));
    // Of somebody who has the code but not its secret, too: it was seen by more than one.
    expect(await errorOf(client.redeem(code, randomPKCECodeVerifier()))).toEqual([400, "invalid_grant"]);
    for (const { access_token, refresh_token } of [tokens, renewed]) {
      expect(await works(access_token)).toBe(false);
      expect(await errorOf(client.refresh(refresh_token))).toEqual([400, "invalid_grant"]);
    }
  });

  it("survive ten refreshes at the same time: each is answered, and the last token goes on", async () => {
    const { refresh_token } = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    const answers = await Promise.all(TEN.map(() => client.refresh(refresh_token)));
    const good = await Promise.all(answers.filter(({ status }) => status === 200).map(readTokens));
    for (const refused of answers.filter(({ status }) => status !== 200))
      expect(await errorOf(Promise.resolve(refused))).toEqual([400, "invalid_grant"]);
    expect(await Promise.all(good.map(({ access_token }) => works(access_token)))).toEqual(
      good.map(() => true),
    );
    const next = await Promise.all(good.map((tokens) => client.refresh(tokens.refresh_token)));
    expect(next.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it("are decided between whoever is at it: a second redemption on the way of the first ends nothing", async () => {
    const { code, verifier } = await newCode();
    const held = shards.holdNextWrite("token:");
    const first = client.redeem(code, verifier);
    const write = await held;
    // The code is used up by now, and its token is not there yet.
    expect(await errorOf(client.redeem(code, verifier))).toEqual([400, "invalid_grant"]);
    write.release();
    const tokens = await readTokens(await first);
    expect(await works(tokens.access_token)).toBe(true);
    expect(await errorOf(client.redeem(code, verifier))).toEqual([400, "invalid_grant"]);
    expect(await works(tokens.access_token)).toBe(false);
  });

  it("leave no token behind that is issued while its sign-in is revoked", async () => {
    const { refresh_token } = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    for (const what of ["token:", "grant:"]) {
      const other = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
      const held = shards.holdNextWrite(what);
      const refreshing = client.refresh(other.refresh_token);
      const write = await held;
      expect((await client.revoke(other.refresh_token)).status).toBe(200);
      write.release();
      expect(await errorOf(refreshing)).toEqual([400, "invalid_grant"]);
    }
    expect((await client.refresh(refresh_token)).status).toBe(200);
  });
});
