import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBrowser } from "../auth/browser.ts";
import { callMcp, registerClient, signIn } from "../auth/oauth-client.ts";
import { createSignInWorld } from "../auth/sign-in-world.ts";
import { CALLBACK, createTeam, endTeam, githubVariables } from "../auth/team.ts";
import { createFakeGithub } from "../identity/fake-github.ts";
import { UPSTREAM_FAULTS } from "../ledger/upstream-faults.ts";
import { readLog } from "../log-lines.ts";
import { ACCESS_KEY, UPSTREAM_TOKEN, type World } from "../world.ts";

const DEEP = "/health?deep=1";
const WELL = { status: "ok", name: "veo-mcp", version: expect.any(String), mode: "personal" };
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("GET /health?deep=1", () => {
  let world: World;
  beforeEach(() => {
    world = createSignInWorld({ accounts: ["health"], generationMs: 60_000 });
  });
  afterEach(() => world.end());

  const deep = (token = ACCESS_KEY, path = DEEP, method = "GET") =>
    world.until(world.fetch(path, { method, ...bearer(token) }));
  const deepStatus = async (...asked: Parameters<typeof deep>) => {
    const response = await deep(...asked);
    await response.text();
    return response.status;
  };

  it("says what the upstream answered, to whoever the server lets in", async () => {
    const response = await deep();
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toEqual({
      ...WELL,
      upstream: { status: "ok", checked_at: new Date().toISOString() },
    });
    const tokens = await signIn(await registerClient(world), createBrowser(world), { secret: ACCESS_KEY });
    expect(await deepStatus(tokens.access_token)).toBe(200);
    expect(world.taskQueries()).toBe(1);
  });

  it("answers everybody else as /mcp does, and asks nobody", async () => {
    for (const headers of [{}, bearer("not-the-key-not-the-key").headers, bearer("owner:a:b").headers]) {
      const [here, there] = await Promise.all([
        world.fetch(DEEP, { headers }),
        world.fetch("/mcp", { method: "POST", headers }),
      ]);
      expect(here.status).toBe(401);
      expect(here.headers.get("www-authenticate")).toBe(there.headers.get("www-authenticate"));
      expect(await here.text()).toBe(await there.text());
    }
    const elsewhere = await world.fetch(DEEP, {
      headers: { ...bearer(ACCESS_KEY).headers, origin: "https://evil.test" },
    });
    expect(elsewhere.status).toBe(403);
    await elsewhere.text();
    expect(world.taskQueries()).toBe(0);
    expect(await deepStatus(ACCESS_KEY, "/mcp/health")).toBe(404);
  });

  it("asks once for all who ask at once, and once a minute, also after an eviction or a crash", async () => {
    world.simulator.inject({ kind: "latency", match: "tasks", latencyMs: 3000 });
    const asked = Array.from({ length: 5 }, () => world.fetch(DEEP, bearer(ACCESS_KEY)));
    for (const response of await world.until(Promise.all(asked))) {
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(world.taskQueries()).toBe(1);
    await world.evict();
    expect(await deepStatus()).toBe(200);
    await world.crash();
    await world.advance(56_000);
    expect(await deepStatus()).toBe(200);
    expect(world.taskQueries()).toBe(1);
    await world.advance(1000);
    expect(await deepStatus()).toBe(200);
    expect(world.taskQueries()).toBe(2);
  });

  it("says that no answer came, and does not ask again within the minute, when it crashed while it asked", async () => {
    readLog();
    world.simulator.inject({ kind: "hang", match: "tasks" });
    const cut = world.fetch(DEEP, bearer(ACCESS_KEY)).then(
      (response) => response.text(),
      () => undefined,
    );
    await world.settle();
    expect(world.taskQueries()).toBe(1);
    await world.crash();
    await cut;
    const response = await deep();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      upstream: { code: "upstream_error", what: "The connection to the upstream failed." },
    });
    expect(world.taskQueries()).toBe(1);
    await world.advance(60_000);
    expect(await deepStatus()).toBe(200);
  });

  it.each([
    [
      "refuses the key",
      { kind: "status", status: 401, code: "invalid_token", message: `no ${UPSTREAM_TOKEN}` },
      { code: "unauthorized", what: 'The upstream answered HTTP 401 invalid_token: "no [token]".' },
    ],
    [
      "wants fewer requests",
      { kind: "status", status: 429, code: "too_many_requests", retryAfterSeconds: 7 },
      { code: "rate_limited", next_step: "Wait 7 seconds, then call again." },
    ],
    ["fails", { kind: "html", status: 502 }, { code: "upstream_error" }],
    ["breaks off", { kind: "drop" }, { code: "upstream_error" }],
    ["does not answer", { kind: "hang" }, { code: "upstream_timeout" }],
    ["answers something else", { kind: "null" }, { code: "upstream_error" }],
  ] as const)(
    "answers 503 where the upstream %s, in words and without a secret",
    async (_what, fault, said) => {
      world.simulator.inject({ match: "tasks", ...fault });
      const response = await deep();
      expect(response.status).toBe(503);
      const text = await response.text();
      expect(JSON.parse(text)).toEqual({
        ...WELL,
        status: "degraded",
        upstream: {
          status: "trouble",
          checked_at: expect.any(String),
          what: expect.stringMatching(/^The .*\.$/),
          next_step: expect.stringMatching(/\.$/),
          ...said,
        },
      });
      expect(text).not.toContain(UPSTREAM_TOKEN);
      // What it said is kept for a minute, and without the token.
      const kept = await world.inObject((_, { storage }) =>
        storage.sql.exec("SELECT failure FROM health_check").toArray(),
      );
      expect(JSON.stringify(kept)).not.toContain(UPSTREAM_TOKEN);
      await world.advance(60_000);
      expect(await deepStatus()).toBe(200);
    },
  );

  it("says what it saw of each way in which the upstream can go wrong, and that all is well again", async () => {
    for (const { what, fault, code } of UPSTREAM_FAULTS) {
      world.simulator.inject({ ...fault, match: "tasks", times: "forever" });
      const before = world.taskQueries();
      const [said, twin] = await Promise.all([deep(), deep()].map(async (answer) => (await answer).text()));
      expect([what, world.taskQueries() - before, twin]).toEqual([what, 1, said]);
      // What says that an id is unknown says no such thing here: there is no list.
      const upstream = { status: "trouble", code: code ?? "upstream_error" };
      expect([what, JSON.parse(said ?? "")]).toMatchObject([what, { status: "degraded", upstream }]);
      expect(said).not.toContain(UPSTREAM_TOKEN);
      world.simulator.clearFaults();
      await world.advance(60_000);
      expect([what, await deepStatus()]).toEqual([what, 200]);
      await world.advance(60_000);
    }
  });

  it("is for GET and HEAD; any other method finds nothing there, as without it", async () => {
    const head = await deep(ACCESS_KEY, DEEP, "HEAD");
    expect([head.status, head.body, head.headers.get("content-type")]).toEqual([
      200,
      null,
      "application/json",
    ]);
    for (const method of ["POST", "PUT", "DELETE"])
      expect([method, await deepStatus(ACCESS_KEY, DEEP, method)]).toEqual([method, 404]);
    for (const method of ["POST", "PUT", "DELETE"])
      expect([method, await deepStatus(ACCESS_KEY, "/health", method)]).toEqual([method, 404]);
    expect(world.taskQueries()).toBe(1);
  });

  it("is asked for with 1: 0 is the cheap answer, and anything else is refused, so that no monitor is misled", async () => {
    const cheap = await world.fetch("/health?deep=0");
    expect([cheap.status, await cheap.json()]).toEqual([200, WELL]);
    for (const query of ["deep=", "deep=true", "deep=2", "deep=0&deep=1"]) {
      const response = await world.fetch(`/health?${query}`, bearer(ACCESS_KEY));
      expect([query, response.status]).toEqual([query, 400]);
      expect(await response.text()).toContain("deep is 1");
    }
    expect(world.taskQueries()).toBe(0);
  });

  it("without `deep` is for everybody, asks nobody, and wakes no object", async () => {
    // Those of earlier tests are listed too.
    const objects = async () => [
      (await listDurableObjectIds(env.VEO_AGENT)).length,
      (await listDurableObjectIds(env.OAUTH_STORE)).length,
      (await listDurableObjectIds(env.SIGN_IN_GUARD)).length,
    ];
    const before = await objects();
    const response = await world.fetch("/health");
    expect([response.status, await response.json()]).toEqual([200, WELL]);
    expect(await objects()).toEqual(before);
    expect(world.simulator.requests).toEqual([]);
  });
});

describe("GET /health?deep=1 of a team", () => {
  it("is for its members and its machines, who share what the upstream answered to the one token", async () => {
    const github = createFakeGithub({ redirectUris: [CALLBACK] });
    const rules = { ALLOWED_GITHUB_USERS: "ada", MCP_ACCESS_KEY: ACCESS_KEY };
    const team = await createTeam(github, { ...githubVariables(github), ...rules }, ["health"]);
    github.signInAs({ id: 11, login: "ada" });
    const { access_token } = await team.signIn();
    for (const token of [access_token, ACCESS_KEY]) {
      const response = await team.world.until(team.fetch(DEEP, bearer(token)));
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ mode: "team", upstream: { status: "ok" } });
    }
    expect(team.world.taskQueries()).toBe(1);
    team.world.deploy({ ALLOWED_GITHUB_USERS: "bob" });
    expect((await team.fetch(DEEP, bearer(access_token))).status).toBe(401);
    expect((await callMcp(team, access_token)).status).toBe(401);
    await endTeam(team, github);
  });
});
