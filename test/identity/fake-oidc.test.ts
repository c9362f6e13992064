import * as client from "openid-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeOidc, type FakeOidc } from "./fake-oidc.ts";
import { ID_TOKEN_FLAWS, type IdTokenFlaw } from "./id-token.ts";
import { fetchAmong } from "./internet.ts";
import { oidcParty, signIn } from "./relying-party.ts";

const ALICE = { sub: "s-1", email: "älice@example.com", email_verified: true, hd: "example.com" };
const SCOPE = "openid email profile";

let oidc: FakeOidc;

beforeEach(() => {
  oidc = createFakeOidc();
  oidc.signInAs(ALICE);
});
afterEach(() => expect(oidc.unexpected).toEqual([]));

const claimsOf = async (scope = SCOPE) => (await signIn(await oidcParty(oidc, oidc), oidc, scope)).claims();

const because = (reason: string) => ({ cause: { message: expect.stringContaining(reason) } });

describe("openid-client signs in", () => {
  test("with the secret in the body", async () => {
    expect(await claimsOf()).toMatchObject({ ...ALICE, iss: "https://issuer.test" });
  });

  test.each(["https://issuer.test/realms/acme", "https://issuer.test/"])(
    "at the issuer %s",
    async (issuer) => {
      oidc = createFakeOidc({ issuer });
      oidc.signInAs(ALICE);
      expect((await claimsOf())?.iss).toBe(issuer);
    },
  );

  test("without the scope email, and is told no address", async () => {
    expect(await claimsOf("openid profile")).not.toHaveProperty("email");
  });

  test("through a fetch that leads elsewhere for other addresses", async () => {
    const network = { fetch: fetchAmong([oidc], async () => new Response("elsewhere")) };
    expect((await signIn(await oidcParty(oidc, network), network, SCOPE)).claims()?.sub).toBe("s-1");
    expect(await (await network.fetch("https://example.com/")).text()).toBe("elsewhere");
  });

  test("after the keys were changed", async () => {
    const party = await oidcParty(oidc, oidc);
    await signIn(party, oidc, SCOPE);
    oidc.rotateKey();
    await expect(signIn(await oidcParty(oidc, oidc), oidc, SCOPE)).resolves.toHaveProperty("id_token");
  });
});

/** Why `openid-client` refuses each of them; null: it does not, and whoever minds must look. */
const REASONS: Record<IdTokenFlaw, string | null> = {
  issuer: '"iss" (issuer)',
  audience: '"aud" (audience)',
  "another-party": '"azp" (authorized party)',
  nonce: '"nonce" claim value',
  "no-nonce": '"nonce" (nonce) claim missing',
  "no-subject": '"sub" (subject) claim missing',
  expired: '"exp" (expiration time)',
  "issued-in-future": null,
  "not-yet-valid": '"nbf" (not before)',
  signature: "signature verification failed",
  "unknown-key": "no applicable keys found",
  "alg-none": 'unexpected JWT "alg"',
  "alg-hs256": 'unexpected JWT "alg"',
  garbage: "failed to parse JWT",
  missing: '"id_token" property must be a string',
};
test.each(ID_TOKEN_FLAWS)("an id_token can have the flaw: %s", async (flaw) => {
  const reason = REASONS[flaw];
  oidc.flawNext(flaw);
  if (reason === null) await expect(claimsOf()).resolves.toMatchObject({ sub: "s-1" });
  else await expect(claimsOf()).rejects.toMatchObject(because(reason));
  expect(await claimsOf()).toMatchObject({ sub: "s-1" });
});

test("an authorization response can come from another issuer, or not say from whom", async () => {
  oidc.issNext("https://another-issuer.test");
  await expect(claimsOf()).rejects.toMatchObject(because('unexpected "iss" (issuer)'));
  oidc.issNext(null);
  await expect(claimsOf()).rejects.toMatchObject(because('"iss" (issuer) missing'));
  expect(await claimsOf()).toMatchObject({ sub: "s-1" });
});

test("discovery can answer another issuer", async () => {
  oidc.overrideDiscovery({ issuer: "https://another-issuer.test" });
  await expect(oidcParty(oidc, oidc)).rejects.toThrow(/issuer/);
  oidc.overrideDiscovery({});
  await expect(oidcParty(oidc, oidc)).resolves.toBeDefined();
});

test("the provider can be down, until the faults are cleared", async () => {
  oidc.inject({ kind: "html", status: 503, times: "forever" });
  await expect(oidcParty(oidc, oidc)).rejects.toThrow();
  oidc.clearFaults();
  await expect(oidcParty(oidc, oidc)).resolves.toBeDefined();
});

test.each([400, 200])("the token endpoint can answer an error with status %i", async (status) => {
  oidc.tokenErrorNext("temporarily_unavailable", status);
  await expect(claimsOf()).rejects.toThrow();
  expect((await claimsOf())?.sub).toBe("s-1");
});

test("a wrong secret is refused", async () => {
  const party = await oidcParty(oidc, oidc, client.ClientSecretPost("wrong"));
  await expect(signIn(party, oidc, SCOPE)).rejects.toMatchObject({ error: "invalid_client", status: 401 });
});
