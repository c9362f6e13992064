import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountHash } from "../../src/agent/account-hash.ts";
import { createBrowser, handleOn } from "../auth/browser.ts";
import { callMcp, registerClient, signIn } from "../auth/oauth-client.ts";
import { createSignInWorld } from "../auth/sign-in-world.ts";
import { CALLBACK, createTeam, githubVariables, type Team } from "../auth/team.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { expectDocumented, type LogLines, readLog } from "../log-lines.ts";
import { openSession, sendModern } from "../mcp/raw-request.ts";
import { ACCESS_KEY, UPSTREAM_TOKEN, type World } from "../world.ts";

const SECRET_KEY = "secret-key-of-refusals-0123456789-0123456789";
const OWNER = accountHash("owner", SECRET_KEY);
const took = expect.any(Number);

/** The only line of a request that is refused. */
const refused = (facts: object) => [{ event: "refused", level: "info", duration_ms: took, ...facts }];

describe("a request that is refused", () => {
  let world: World;
  let lines: LogLines;
  /** Whether the address has asked for too much. */
  let isLimited: boolean;
  beforeEach(() => {
    isLimited = false;
    const AUTH_RATE_LIMIT = { limit: async () => ({ success: !isLimited }) };
    world = createSignInWorld({
      bindings: { AUTH_RATE_LIMIT },
      deployment: { SECRET_KEY, LOG_LEVEL: "debug" },
    });
    lines = readLog();
  });
  afterEach(async () => {
    expectDocumented(lines);
    await world.end();
  });

  const statusOf = async (path: string, init: RequestInit = {}) => {
    const response = await world.fetch(path, init);
    await response.text();
    return response.status;
  };
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it("has one line when nobody is let in, with the library's reason, and the status that was answered", async () => {
    expect(await statusOf("/mcp", { method: "POST" })).toBe(401);
    expect(lines.take()).toEqual(refused({ path: "/mcp", status: 401, reason: "no_credential" }));
    expect(await statusOf("/mcp", { method: "POST", ...bearer("owner:a-guess:at-a-token") })).toBe(401);
    expect(lines.take()).toEqual(
      refused({
        path: "/mcp",
        status: 401,
        code: "invalid_token",
        category: "protected-resource",
        reason: "token_not_found",
      }),
    );
    isLimited = true;
    expect(await statusOf("/mcp", { method: "POST", ...bearer("owner:a-guess:at-a-token") })).toBe(429);
    expect(lines.take()).toEqual(
      refused({ path: "/mcp", status: 429, reason: "too_many_unknown_credentials" }),
    );
    expect(await statusOf("/oauth/token", { method: "POST" })).toBe(429);
    expect(lines.take()).toEqual(refused({ path: "/oauth/token", status: 429, reason: "too_many_requests" }));
  });

  it("has one line when a page of elsewhere asks, or a host that is not ours is meant", async () => {
    expect(await statusOf("/mcp", { method: "POST", headers: { origin: "https://evil.test" } })).toBe(403);
    expect(lines.take()).toEqual(refused({ path: "/mcp", status: 403, reason: "origin_not_allowed" }));
    world.deploy({ PUBLIC_URL: "https://elsewhere.test" });
    expect(await statusOf("/mcp", { method: "POST" })).toBe(421);
    expect(lines.take()).toEqual(refused({ path: "/mcp", status: 421 }));
  });

  it("has one line that says whose it is, once somebody was let in", async () => {
    const session = await openSession(world);
    await session.end();
    lines.take();
    expect((await session.send({ jsonrpc: "2.0", id: 1, method: "ping" })).status).toBe(404);
    expect(lines.take()).toEqual(refused({ account: OWNER, path: "/mcp", status: 404 }));
    const large = { method: "tools/call", params: { name: "x".repeat(1_100_000) } };
    expect((await sendModern(world, { ...large, headers: { "mcp-name": "x" } })).status).toBe(413);
    expect(lines.take()).toEqual(refused({ account: OWNER, path: "/mcp", status: 413 }));
    expect(lines.text()).not.toContain(session.id);
  });

  it("says nothing of a path that is not ours, and that only at the lowest level", async () => {
    expect(await statusOf("/a-secret-path?with=a-secret")).toBe(404);
    expect(await statusOf("/callbacks/a-secret-path")).toBe(404);
    expect(await statusOf("/sse")).toBe(410);
    const other = { level: "debug", path: "other", status: 404 };
    expect(lines.take()).toEqual([
      ...refused(other),
      ...refused(other),
      ...refused({ path: "/sse", status: 410 }),
    ]);
    expect(lines.text()).not.toContain("a-secret");
  });

  it("writes nothing at `warn` that strangers could fill the log with", async () => {
    world.deploy({ LOG_LEVEL: "warn" });
    for (const path of [
      "/",
      "/mcp",
      "/authorize",
      "/oauth/token",
      "/oauth/register",
      "/oauth/callback",
      "/health?deep=1",
      "/x",
    ])
      for (const method of ["GET", "POST"])
        await statusOf(path, { method, ...bearer("a-guess-at-a-key-0123") });
    await statusOf(`/callbacks/${"A".repeat(120)}`, { method: "POST" });
    isLimited = true;
    await statusOf("/mcp", { method: "POST", ...bearer("a-guess-at-a-key-0123") });
    expect(lines.text()).toBe("");
  });

  it("has nothing to do with one that is answered", async () => {
    for (const path of ["/", "/health", "/.well-known/oauth-authorization-server"])
      expect(await statusOf(path)).toBe(200);
    expect((await callMcp(world, ACCESS_KEY)).status).toBe(200);
    expect(lines.take()).toEqual([]);
  });

  it("has a line of the deployment when that is not configured, with how many problems and none of their words", async () => {
    world.deploy({ MCP_ACCESS_KEY: "short", LOG_LEVEL: "loud" });
    expect(await statusOf("/mcp", { method: "POST" })).toBe(503);
    expect(lines.take()).toEqual([{ event: "not_configured", level: "error", problems: 2 }]);
  });

  it("is told of once in a sign-in, with a reason where there is one", async () => {
    const client = await registerClient(world);
    const browser = createBrowser(world);
    const { access_token, refresh_token } = await signIn(client, browser, { secret: ACCESS_KEY });
    expect(lines.take()).toEqual([{ event: "signed_in", level: "info", mode: "personal" }]);
    const { url, verifier } = await client.authorizeUrl();
    const wrong = await browser.decide({
      handle: await handleOn(await browser.open(url)),
      decision: "approve",
      secret: "a-key-that-is-wrong-0123",
    });
    expect(wrong.status).toBe(403);
    expect(lines.take()).toEqual(refused({ path: "/authorize", status: 403, reason: "wrong_key" }));
    expect((await client.redeem("owner:no:code", verifier)).status).toBe(400);
    expect((await client.refresh(`${refresh_token}x`)).status).toBe(400);
    for (const line of lines.take())
      expect(line).toEqual({
        ...refused({ path: "/oauth/token", status: 400, code: "invalid_grant" })[0],
        category: expect.any(String),
        reason: expect.stringMatching(/^[a-z_]+$/),
      });
    world.deploy({ MCP_ACCESS_KEY: "another-access-key-0123456789" });
    expect((await callMcp(world, access_token)).status).toBe(401);
    expect(lines.take()).toEqual(refused({ path: "/mcp", status: 401, reason: "withdrawn" }));
    for (const secret of [access_token, refresh_token, ACCESS_KEY, UPSTREAM_TOKEN, client.clientId])
      expect(lines.text()).not.toContain(secret);
  });

  it("that breaks in a way nobody foresaw has one line with the incident's number", async () => {
    const getByName = () => ({ serve: () => Promise.reject(new TypeError(`near ${ACCESS_KEY}`)) });
    const objects: object = { VEO_AGENT: { getByName } };
    world.deploy(objects);
    const response = await callMcp(world, ACCESS_KEY);
    expect(response.status).toBe(500);
    const { incident } = await response.json<{ incident: string }>();
    expect(lines.take()).toEqual([
      {
        event: "request_crashed",
        level: "error",
        account: OWNER,
        path: "/mcp",
        incident,
        error: "TypeError",
        duration_ms: took,
      },
    ]);
  });
});

describe("a sign-in with a team's provider", () => {
  const github = createFakeGithub({ redirectUris: [CALLBACK] });
  const dataPoints: AnalyticsEngineDataPoint[] = [];
  const VEO_ANALYTICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => void dataPoints.push(point) };
  let team: Team;
  let lines: LogLines;
  beforeEach(async () => {
    const rules = { ALLOWED_GITHUB_USERS: "ada", SECRET_KEY, MCP_SERVER_NAME: "seen" };
    team = await createTeam(github, { ...githubVariables(github), ...rules, ...{ VEO_ANALYTICS } });
    lines = readLog();
    dataPoints.length = 0;
  });
  afterEach(async () => {
    expectDocumented(lines);
    await team.world.end();
  });

  it("has one line and one data point however it ends, and never a name", async () => {
    github.signInAs({ id: 11, login: "ada" });
    const { access_token } = await team.signIn();
    expect(lines.take()).toEqual([{ event: "signed_in", level: "info", mode: "team" }]);
    await (await team.fetch("/mcp", { headers: { authorization: `Bearer ${access_token}` } })).text();
    const account = accountHash("github-11", SECRET_KEY);
    expect(lines.take()).toEqual(refused({ account, path: "/mcp", status: expect.any(Number) }));
    github.signInAs({ id: 22, login: "mallory" });
    await team.attempt();
    expect(lines.take()).toEqual([
      { event: "sign_in_refused", level: "warn", provider: "github", reason: "not_allowed" },
    ]);
    github.inject({ kind: "status", match: "/user", status: 500 });
    await team.attempt();
    expect(lines.take()).toEqual([
      { event: "sign_in_failed", level: "error", provider: "github", error: "ProviderError", status: 500 },
    ]);
    expect(dataPoints.map(({ blobs }) => blobs?.[0])).toEqual(lines.all().map(({ event }) => event));
    expect(dataPoints.map(({ indexes }) => indexes)).toContainEqual([account]);
    expect(lines.text()).not.toMatch(/ada|mallory|github-/);
  });
});
