import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeGithub, type FakeGithub } from "./fake-github.ts";
import { CALLBACK, githubParty, signIn } from "./relying-party.ts";

const ALICE = { id: 12345, login: "Alice", memberships: { acme: "active", other: "pending" } } as const;

let github: FakeGithub;

beforeEach(() => {
  github = createFakeGithub();
  github.signInAs(ALICE);
});
afterEach(() => expect(github.unexpected).toEqual([]));

async function tokenFor(scope = "read:org") {
  return (await signIn(githubParty(github), github, scope)).access_token;
}

async function ask(path: string, token: string, headers: Record<string, string> = { "user-agent": "test" }) {
  const answer = await github.fetch(`${github.apiUrl}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, body: answer.ok ? JSON.parse(text) : text };
}

test("openid-client signs in, and the API says who it is and where they belong", async () => {
  const token = await tokenFor();
  expect(await ask("/user", token)).toEqual({
    status: 200,
    body: { id: 12345, login: "Alice", type: "User" },
  });
  expect((await ask("/user/memberships/orgs/ACME", token)).body).toMatchObject({ state: "active" });
  expect((await ask("/user/memberships/orgs/other", token)).body).toMatchObject({ state: "pending" });
  expect((await ask("/user/memberships/orgs/strangers", token)).status).toBe(404);
});

test("a login that changed hands is the same login with another id", async () => {
  const first = await tokenFor();
  github.signInAs({ id: 99999, login: "Alice" });
  const second = await tokenFor();
  expect((await ask("/user", first)).body).toMatchObject({ id: 12345 });
  expect((await ask("/user", second)).body).toMatchObject({ id: 99999, login: "Alice" });
});

test("the API refuses a forged token, a missing User-Agent and a missing scope", async () => {
  const token = await tokenFor("");
  expect((await ask("/user", "gho_forged")).status).toBe(401);
  expect((await ask("/user", token, {})).status).toBe(403);
  expect((await ask("/user", token)).status).toBe(200);
  expect((await ask("/user/memberships/orgs/acme", token)).status).toBe(403);
});

test("token errors come with status 200, as a form unless JSON is asked for", async () => {
  const url = `${github.webUrl}/login/oauth/access_token`;
  const body = new URLSearchParams({ client_id: github.client.id, redirect_uri: CALLBACK });
  const form = await github.fetch(url, { method: "POST", body });
  const fields = Object.fromEntries(await form.formData());
  expect([form.status, fields]).toMatchObject([200, { error: "incorrect_client_credentials" }]);
  const headers = { accept: "application/json" };
  const json = await github.fetch(url, { method: "POST", headers, body: new URLSearchParams() });
  expect([json.status, await json.json()]).toEqual([
    200,
    expect.objectContaining({ error: "incorrect_client_credentials" }),
  ]);
});

test("openid-client takes an error with status 200 for the failure that it is", async () => {
  const party = githubParty({ ...github, client: { id: github.client.id, secret: "wrong" } });
  await expect(signIn(party, github, "")).rejects.toMatchObject({
    cause: { message: expect.stringContaining('"access_token" property must be a string') },
  });
});

test("faults strike by path, and nothing else goes wrong", async () => {
  const token = await tokenFor();
  github.inject({ kind: "status", match: "/user/memberships/orgs/acme", status: 500 });
  expect((await ask("/user", token)).status).toBe(200);
  expect((await ask("/user/memberships/orgs/acme", token)).status).toBe(500);
  expect((await ask("/user/memberships/orgs/acme", token)).status).toBe(200);
});

test("a GitHub Enterprise has its API below a path of the same origin", async () => {
  github = createFakeGithub({ webUrl: "https://ghe.test", apiUrl: "https://ghe.test/api/v3" });
  github.signInAs(ALICE);
  expect((await ask("/user", await tokenFor())).body).toMatchObject({ id: 12345 });
  expect([
    github.handles(new URL("https://ghe.test/x")),
    github.handles(new URL("https://api.github.test/")),
  ]).toEqual([true, false]);
});

test("a request that GitHub does not know is reported", async () => {
  const answer = await github.fetch(`${github.webUrl}/user`);
  expect(answer.status).toBe(404);
  expect(github.unexpected).toEqual(["GET https://github.test/user"]);
  // So that this test does not end as one that made a mistake.
  github = createFakeGithub();
});
