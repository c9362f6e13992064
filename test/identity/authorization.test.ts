import * as client from "openid-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { SignIn } from "./authorization.ts";
import { createFakeAcedata } from "./fake-acedata.ts";
import { createFakeGithub } from "./fake-github.ts";
import { createFakeOidc } from "./fake-oidc.ts";
import { callbackFrom } from "./internet.ts";
import { CALLBACK } from "./relying-party.ts";
import type { IdentityFake } from "./site.ts";

const MINUTE_MS = 60_000;
const answerSchema = z.looseObject({ error: z.string().optional(), access_token: z.string().optional() });

let nowMs = Date.UTC(2035, 0, 1);
const options = { now: () => nowMs, redirectUris: [CALLBACK] };

interface Provider {
  readonly fake: IdentityFake & Pick<SignIn<never>, "client" | "declineNext">;
  readonly signInAsAnybody: () => void;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** What it says to a code, a client, and an address that it does not accept. */
  readonly errors: { readonly code: string; readonly client: string; readonly redirect: string };
}

const STANDARD_ERRORS = { code: "invalid_grant", client: "invalid_client", redirect: "invalid_grant" };
const PROVIDERS: Record<string, () => Provider> = {
  github() {
    const fake = createFakeGithub(options);
    return {
      fake,
      signInAsAnybody: () => fake.signInAs({ id: 1, login: "alice" }),
      authorizeUrl: `${fake.webUrl}/login/oauth/authorize`,
      tokenUrl: `${fake.webUrl}/login/oauth/access_token`,
      errors: {
        code: "bad_verification_code",
        client: "incorrect_client_credentials",
        redirect: "redirect_uri_mismatch",
      },
    };
  },
  acedata() {
    const fake = createFakeAcedata(options);
    return {
      fake,
      signInAsAnybody: () => fake.signInAs({ userId: "u1" }),
      authorizeUrl: `${fake.authUrl}/oauth2/authorize`,
      tokenUrl: `${fake.authUrl}/oauth2/token`,
      errors: STANDARD_ERRORS,
    };
  },
  oidc() {
    const fake = createFakeOidc(options);
    return {
      fake,
      signInAsAnybody: () => fake.signInAs({ sub: "s1" }),
      authorizeUrl: `${fake.issuer}/authorize`,
      tokenUrl: `${fake.issuer}/token`,
      errors: STANDARD_ERRORS,
    };
  },
};

describe.each(Object.keys(PROVIDERS))("%s", (name) => {
  let provider: Provider;
  let verifier: string;
  let challenge: string;

  beforeEach(async () => {
    const made = PROVIDERS[name]?.();
    if (made === undefined) throw new Error(`no provider ${name}`);
    provider = made;
    provider.signInAsAnybody();
    verifier = client.randomPKCECodeVerifier();
    challenge = await client.calculatePKCECodeChallenge(verifier);
  });
  afterEach(() => expect(provider.fake.unexpected).toEqual([]));

  const authorizeUrl = (changes: Record<string, string> = {}) => {
    const url = new URL(provider.authorizeUrl);
    const query = {
      client_id: provider.fake.client.id,
      response_type: "code",
      redirect_uri: CALLBACK,
      state: "state-of-the-test",
      code_challenge: challenge,
      code_challenge_method: "S256",
      ...changes,
    };
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url;
  };
  const newCode = async () => {
    const callback = await callbackFrom(provider.fake, authorizeUrl());
    expect(callback.searchParams.get("state")).toBe("state-of-the-test");
    return z.string().parse(callback.searchParams.get("code"));
  };
  const redeem = async (code: string, changes: Record<string, string> = {}) => {
    const { id, secret } = provider.fake.client;
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code,
      client_id: id,
      ...(secret === undefined ? {} : { client_secret: secret }),
      redirect_uri: CALLBACK,
      code_verifier: verifier,
      ...changes,
    });
    const answer = await provider.fake.fetch(provider.tokenUrl, {
      method: "POST",
      headers: { accept: "application/json" },
      body,
    });
    return answerSchema.parse(await answer.json());
  };

  test("a code buys a token once", async () => {
    const code = await newCode();
    expect((await redeem(code)).access_token).toMatch(/.{40}/);
    expect(await redeem(code)).toMatchObject({ error: provider.errors.code });
  });

  test("a wrong verifier is refused, and uses the code up", async () => {
    const code = await newCode();
    const wrong = { code_verifier: client.randomPKCECodeVerifier() };
    expect(await redeem(code, wrong)).toMatchObject({ error: provider.errors.code });
    expect(await redeem(code)).toMatchObject({ error: provider.errors.code });
  });

  test("the challenge itself, as with the method plain, is no verifier", async () => {
    const code = await newCode();
    expect(await redeem(code, { code_verifier: challenge })).toMatchObject({ error: provider.errors.code });
  });

  test("another redirect_uri than the first is refused", async () => {
    const code = await newCode();
    const other = { redirect_uri: `${CALLBACK}/` };
    expect(await redeem(code, other)).toMatchObject({ error: provider.errors.redirect });
  });

  test("a wrong client or secret is refused, and the code stays good", async () => {
    const code = await newCode();
    const refusal = { error: provider.errors.client };
    expect(await redeem(code, { client_id: "somebody" })).toMatchObject(refusal);
    expect(await redeem(code, { client_secret: "wrong" })).toMatchObject(refusal);
    expect(await redeem(code)).not.toHaveProperty("error");
  });

  test("a code is good for ten minutes", async () => {
    const code = await newCode();
    nowMs += 10 * MINUTE_MS;
    expect(await redeem(code)).toMatchObject({ error: provider.errors.code });
  });

  test("an unknown client or redirect_uri is never sent anywhere", async () => {
    for (const changes of [{ client_id: "somebody" }, { redirect_uri: "https://attacker.test/" }]) {
      await expect(callbackFrom(provider.fake, authorizeUrl(changes))).rejects.toThrow("no way back: 400");
    }
  });

  test.each([
    { code_challenge_method: "plain" },
    { code_challenge: "short" },
    { state: "" },
    { response_type: "token" },
  ])("an authorization request with %o gets no code", async (changes) => {
    const { searchParams } = await callbackFrom(provider.fake, authorizeUrl(changes));
    expect(searchParams.get("error")).toBe("invalid_request");
    expect(searchParams.has("code")).toBe(false);
  });

  test("a person may decline, once", async () => {
    provider.fake.declineNext();
    const { searchParams } = await callbackFrom(provider.fake, authorizeUrl());
    expect([searchParams.get("error"), searchParams.get("state")]).toEqual([
      "access_denied",
      "state-of-the-test",
    ]);
    await newCode();
  });
});
