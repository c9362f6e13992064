import { expect, test } from "vitest";
import { createFakeAcedata } from "./fake-acedata.ts";
import { createFakeGithub } from "./fake-github.ts";
import { createFakeOidc } from "./fake-oidc.ts";
import { callbackFrom } from "./internet.ts";
import { serveIdentity } from "./node-server.ts";
import { type OidcServer, startOidcServer } from "./oidc-server.ts";
import { acedataParty, CALLBACK, githubParty, oidcParty, signIn } from "./relying-party.ts";

const SCOPE = "openid email profile";
const network = { fetch };

test("a GitHub over HTTP has web and API at one origin", async () => {
  const github = createFakeGithub();
  const server = await serveIdentity(github);
  github.signInAs({ id: 7, login: "alice" });
  expect([github.webUrl, github.apiUrl]).toEqual([server.url, server.url]);
  const { access_token } = await signIn(githubParty(github, network), network, "");
  const user = await fetch(`${github.apiUrl}/user`, { headers: { authorization: `Bearer ${access_token}` } });
  expect(await user.json()).toMatchObject({ id: 7 });
  expect(github.unexpected).toEqual([]);
  await server.close();
});

test("an AceDataCloud over HTTP has login and platform at one origin", async () => {
  const acedata = createFakeAcedata();
  const server = await serveIdentity(acedata);
  acedata.signInAs({ userId: "u1", credentials: ["the-token"] });
  acedata.answerListsAs("array");
  const { access_token } = await signIn(acedataParty(acedata, network), network, "profile platform");
  const list = await fetch(`${acedata.platformUrl}/api/v1/credentials/`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  expect(await list.json()).toMatchObject([{ token: "the-token" }]);
  await server.close();
});

test("an OpenID provider over HTTP is its own issuer", async () => {
  const oidc = createFakeOidc();
  const server = await serveIdentity(oidc);
  oidc.signInAs({ sub: "s-1" });
  const tokens = await signIn(await oidcParty(oidc, network), network, SCOPE);
  expect(tokens.claims()).toMatchObject({ sub: "s-1", iss: server.url });
  oidc.flawNext("signature");
  await expect(signIn(await oidcParty(oidc, network), network, SCOPE)).rejects.toMatchObject({
    cause: { message: "JWT signature verification failed" },
  });
  await server.close();
});

test("somebody else's OpenID provider signs in the same way", async () => {
  const server = await startOidcServer();
  server.signInAs({ sub: "s-1", email: "alice@example.com", email_verified: true });
  const tokens = await signIn(await oidcParty(server, network), network, SCOPE);
  expect(tokens.claims()).toMatchObject({ sub: "s-1", email: "alice@example.com", iss: server.issuer });
  await server.stop();
});

test("it refuses a wrong verifier, a missing one, a used code, a wrong secret, and a request without PKCE", async () => {
  const server = await startOidcServer();
  const noOne = await callbackFrom(network, authorizeUrl(server));
  expect(noOne.searchParams.get("error")).toBe("login_required");
  server.signInAs({ sub: "s-1" });
  const noPkce = await callbackFrom(network, authorizeUrl(server, { code_challenge: "" }));
  expect([noPkce.searchParams.get("error"), noPkce.searchParams.get("code")]).toEqual([
    "invalid_request",
    null,
  ]);

  expect(await redeem(server, { code_verifier: "w".repeat(43) })).toEqual([400]);
  expect(await redeem(server, { code_verifier: "" })).toEqual([400]);
  expect(await redeem(server, { redirect_uri: `${CALLBACK}/` })).toEqual([400]);
  expect(await redeem(server, { client_secret: "wrong" })).toEqual([401]);
  expect(await redeem(server, {}, {})).toEqual([200, 400]);
  await server.stop();
});

/** The pair of the example in RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

function authorizeUrl(server: OidcServer, changes: Record<string, string> = {}): URL {
  const url = new URL(`${server.issuer}/authorize`);
  const query = {
    client_id: server.client.id,
    response_type: "code",
    redirect_uri: CALLBACK,
    scope: SCOPE,
    state: "state-of-the-test",
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...changes,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** Offers one code as often as there are changes to the right request; gives the statuses. */
async function redeem(server: OidcServer, ...attempts: readonly Record<string, string>[]): Promise<number[]> {
  const callback = await callbackFrom(network, authorizeUrl(server));
  const statuses: number[] = [];
  for (const changes of attempts) {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code: callback.searchParams.get("code") ?? "",
      client_id: server.client.id,
      client_secret: server.client.secret,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...changes,
    });
    const answer = await fetch(`${server.issuer}/token`, { method: "POST", body });
    await answer.body?.cancel();
    statuses.push(answer.status);
  }
  return statuses;
}
