import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createFakeAcedata, type FakeAcedata } from "./fake-acedata.ts";
import { acedataParty, signIn } from "./relying-party.ts";

const APPLICATIONS = "/api/v1/applications/?limit=10&ordering=-created_at&type=Usage&scope=Global&user_id=u1";
const CREDENTIALS = "/api/v1/credentials/?user_id=u1";
const payloadSchema = z.object({ user_id: z.union([z.string(), z.number()]).optional() });
const itemSchema = z.looseObject({ id: z.string(), token: z.string().optional() });

let acedata: FakeAcedata;

beforeEach(() => {
  acedata = createFakeAcedata();
});
afterEach(() => expect(acedata.unexpected).toEqual([]));

async function tokenFor(scope = "profile platform") {
  return (await signIn(acedataParty(acedata), acedata, scope)).access_token;
}

function userIdIn(token: string) {
  const [, payload = ""] = token.split(".");
  return payloadSchema.parse(JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")))).user_id;
}

function ask(path: string, token: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  return acedata.fetch(`${acedata.platformUrl}${path}`, init);
}

test("somebody who has an API token finds it, in each of the shapes of a list", async () => {
  acedata.signInAs({ userId: "u1", credentials: ["first-token", "second-token"] });
  const token = await tokenFor();
  expect(userIdIn(token)).toBe("u1");
  const list = [{ token: "first-token" }, { token: "second-token" }];
  expect(await (await ask(CREDENTIALS, token)).json()).toMatchObject(list);
  expect(await (await ask(CREDENTIALS, token)).json()).toMatchObject({ results: list });
  expect(await (await ask(CREDENTIALS, token)).json()).toMatchObject({ items: list });
  acedata.answerListsAs("results");
  expect(await (await ask(CREDENTIALS, token)).json()).toMatchObject({ results: list });
});

test("somebody with applications only finds the newest first, with what is in them", async () => {
  acedata.signInAs({ userId: "u1", applications: [[], ["token-of-the-newest"]] });
  acedata.answerListsAs("items");
  const token = await tokenFor();
  expect(await (await ask(CREDENTIALS, token)).json()).toMatchObject({ items: [] });
  expect(await (await ask(APPLICATIONS, token)).json()).toMatchObject({
    items: [{ credentials: [{ token: "token-of-the-newest" }] }, { credentials: [] }],
  });
});

test("somebody with nothing makes an application and an API token, and finds them at the next sign-in", async () => {
  acedata.signInAs({ userId: "u1" });
  const token = await tokenFor();
  const application = await ask("/api/v1/applications/", token, { type: "Usage", scope: "Global" });
  const { id } = itemSchema.parse(await application.json());
  const credential = await ask("/api/v1/credentials/", token, { application_id: id });
  const made = itemSchema.parse(await credential.json());
  expect([application.status, credential.status]).toEqual([201, 201]);
  acedata.signInAs({ userId: "u1" });
  acedata.answerListsAs("array");
  expect(await (await ask(CREDENTIALS, await tokenFor())).json()).toEqual([made]);
  expect(acedata.accountOf("u1").credentials).toEqual([made]);
});

test("nobody sees or uses what belongs to another user", async () => {
  acedata.signInAs({ userId: "u1", credentials: ["token-of-u1"], applications: [[]] });
  acedata.signInAs({ userId: "u2" });
  acedata.answerListsAs("array");
  const token = await tokenFor();
  expect(await (await ask(CREDENTIALS, token)).json()).toEqual([]);
  const [application] = acedata.accountOf("u1").applications;
  const body = { application_id: application?.id };
  expect((await ask("/api/v1/credentials/", token, body)).status).toBe(400);
});

test("the platform refuses a forged token, and one without its scope", async () => {
  acedata.signInAs({ userId: "u1" });
  const token = await tokenFor();
  expect((await ask(CREDENTIALS, "forged")).status).toBe(401);
  expect((await ask(CREDENTIALS, await tokenFor("profile"))).status).toBe(403);
  expect((await ask(CREDENTIALS, token)).status).toBe(200);
});

test("the platform refuses bodies that are not in the contract", async () => {
  acedata.signInAs({ userId: "u1" });
  const token = await tokenFor();
  expect((await ask("/api/v1/applications/", token, { type: "Usage" })).status).toBe(400);
  expect((await ask("/api/v1/credentials/", token, { application_id: 7 })).status).toBe(400);
});

test("a token can be odd", async () => {
  acedata.signInAs({ userId: "42" });
  acedata.oddTokenNext("no-user-id");
  acedata.oddTokenNext("numeric-user-id");
  acedata.oddTokenNext("not-a-jwt");
  acedata.oddTokenNext("broken-payload");
  expect(userIdIn(await tokenFor())).toBeUndefined();
  expect(userIdIn(await tokenFor())).toBe(42);
  expect((await tokenFor()).split(".")).toHaveLength(1);
  const broken = await tokenFor();
  expect(() => userIdIn(broken)).toThrow(SyntaxError);
  expect((await ask("/api/v1/credentials/", broken)).status).toBe(200);
  expect(userIdIn(await tokenFor())).toBe("42");
});

test("failures and nonsense strike by path", async () => {
  acedata.signInAs({ userId: "u1" });
  const token = await tokenFor();
  const match = "/api/v1/credentials/";
  acedata.inject(
    { kind: "status", match, status: 500 },
    { kind: "status", match, status: 401, shape: "detail" },
    { kind: "body", match, text: '{"results":[{"token":7}]}' },
    { kind: "html", match },
  );
  expect((await ask(CREDENTIALS, token)).status).toBe(500);
  expect((await ask(CREDENTIALS, token)).status).toBe(401);
  expect(await (await ask(CREDENTIALS, token)).json()).toEqual({ results: [{ token: 7 }] });
  expect((await ask(CREDENTIALS, token)).status).toBe(502);
  expect((await ask(CREDENTIALS, token)).status).toBe(200);
  expect(acedata.requestsTo(match).map(({ status }) => status)).toEqual([500, 401, 200, 502, 200]);
});
