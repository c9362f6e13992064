import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBrowser, handleOn, locationOf } from "../../auth/browser.ts";
import { approve, callMcp, type OAuthClient, registerClient, signIn } from "../../auth/oauth-client.ts";
import { LANES } from "../../clients.ts";
import type { AcedataPerson, FakeAcedata, OddToken } from "../../identity/fake-acedata.ts";
import { callbackFrom } from "../../identity/internet.ts";
import type { FaultInput } from "../../simulator/faults.ts";
import type { World } from "../../world.ts";
import { createAcedataWorld } from "../acedata.ts";
import { accountOf, createPayer, newKey } from "../payer.ts";
import { everythingStored } from "../stored.ts";

const CREDENTIALS = "/api/v1/credentials/";
const APPLICATIONS = "/api/v1/applications/";

describe("signing in at AceDataCloud", () => {
  let acedata: FakeAcedata;
  let world: World;
  let client: OAuthClient;
  let told: string[];
  beforeEach(async () => {
    const created = createAcedataWorld();
    acedata = created.acedata;
    const real = created.world;
    told = [];
    world = {
      ...real,
      async fetch(input, init) {
        const response = await real.fetch(input, init);
        told.push(JSON.stringify([...response.headers]), await response.clone().text());
        return response;
      },
    };
    for (const level of ["debug", "log", "info", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation(
        (...line: unknown[]) => void told.push(line.map(String).join(" ")),
      );
    client = await registerClient(world);
  });
  afterEach(() => world.end());

  const provider = (address: URL) => callbackFrom(acedata, address);
  const tokensOf = (person: AcedataPerson) => {
    acedata.signInAs(person);
    return signIn(client, createBrowser(world), { provider });
  };
  const asked = () =>
    acedata.requests
      .filter(({ path }) => path.startsWith("/api/"))
      .map(({ method, path }) => `${method} ${path}`);

  it.each<[string, AcedataPerson, string | undefined, string[]]>([
    [
      "has a key",
      { userId: "u1", credentials: ["first-token-of-u1", "second-token-of-u1"] },
      "first-token-of-u1",
      [`GET ${CREDENTIALS}`],
    ],
    [
      "has one in an application only",
      { userId: "u1", applications: [["old-token-of-u1"], ["token-of-the-newest"]] },
      "token-of-the-newest",
      [`GET ${CREDENTIALS}`, `GET ${APPLICATIONS}`],
    ],
    [
      "has an application without one",
      { userId: "u1", applications: [[]] },
      undefined,
      [`GET ${CREDENTIALS}`, `GET ${APPLICATIONS}`, `POST ${CREDENTIALS}`],
    ],
    [
      "has nothing",
      { userId: "u1" },
      undefined,
      [`GET ${CREDENTIALS}`, `GET ${APPLICATIONS}`, `POST ${APPLICATIONS}`, `POST ${CREDENTIALS}`],
    ],
  ])(
    "pays with the account of a person who %s, in whatever shape lists come",
    async (_what, person, key, calls) => {
      for (const shape of ["array", "results", "items"] as const) {
        acedata.answerListsAs(shape);
        const before = asked().length;
        acedata.accountOf(person.userId).credentials.length = 0;
        acedata.accountOf(person.userId).applications.length = 0;
        const tokens = await tokensOf(person);
        // Whoever pays stays inside: the library writes its user id into every token.
        expect(tokens.access_token).toMatch(/^[0-9a-f]{32}:/);
        expect(asked().slice(before)).toEqual(calls);
        const app = await createPayer(world, tokens.access_token);
        await app.submit(shape);
        const made = acedata.accountOf(person.userId).credentials[0]?.token;
        const paidWith = world.simulator.requestsTo("paid").at(-1)?.token;
        expect(paidWith).toBe(key ?? made);
        expect((await app.call("veo_list_tasks", { query: shape })).structuredContent).toMatchObject({
          count: 1,
        });
        expect(await everythingStored()).not.toContain(paidWith);
        expect(told.join("\n")).not.toContain(paidWith);
      }
      // One person, one account, whichever key they have by now.
      const again = await createPayer(world, (await tokensOf(person)).access_token);
      expect((await again.call("veo_list_tasks")).structuredContent).toMatchObject({ count: 3 });
      expect(await world.inObject((agent) => agent.name)).toBe("ace-u1");
      // The token of the sign-in itself is of no use afterwards, and is not kept.
      expect(told.join("\n") + (await everythingStored())).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
      expect(told.join("\n")).not.toContain("request_crashed");
    },
  );

  it.each<[string, { odd?: OddToken; fault?: FaultInput }]>([
    ["the token endpoint refuses", { fault: { kind: "status", status: 401, match: "/oauth2/token" } }],
    ["the token endpoint is in trouble", { fault: { kind: "status", status: 500, match: "/oauth2/token" } }],
    ["the token endpoint answers a page", { fault: { kind: "html", match: "/oauth2/token", status: 200 } }],
    ["the token endpoint breaks off", { fault: { kind: "drop", match: "/oauth2/token" } }],
    [
      "the token endpoint redirects",
      { fault: { kind: "redirect", match: "/oauth2/token", location: "https://evil.test/" } },
    ],
    ["the token is no JWT", { odd: "not-a-jwt" }],
    ["the token names nobody", { odd: "no-user-id" }],
    ["the token cannot be read", { odd: "broken-payload" }],
    [
      "the platform refuses the token",
      { fault: { kind: "status", status: 401, match: CREDENTIALS, shape: "detail" } },
    ],
    ["the platform is in trouble", { fault: { kind: "status", status: 500, match: APPLICATIONS } }],
    ["the platform answers a page", { fault: { kind: "html", match: CREDENTIALS, status: 200 } }],
    ["the platform answers null", { fault: { kind: "null", match: CREDENTIALS } }],
    [
      "the platform answers another shape",
      { fault: { kind: "body", match: APPLICATIONS, text: '{"data":[]}' } },
    ],
    ["the platform answers half", { fault: { kind: "truncated", match: CREDENTIALS } }],
    ["the platform breaks off", { fault: { kind: "drop", match: APPLICATIONS } }],
    [
      "the platform redirects",
      { fault: { kind: "redirect", match: CREDENTIALS, location: "https://evil.test/" } },
    ],
    ["the token endpoint says nothing for ten seconds", { fault: { kind: "hang", match: "/oauth2/token" } }],
    ["the platform says nothing for ten seconds", { fault: { kind: "hang", match: CREDENTIALS } }],
    ["no key can be made", { fault: { kind: "status", status: 403, match: CREDENTIALS, skip: 1 } }],
  ])("sends the browser back to the app, which may try again, when %s", async (_what, { odd, fault }) => {
    acedata.signInAs({ userId: "u1" });
    if (odd !== undefined) acedata.oddTokenNext(odd);
    if (fault !== undefined) acedata.inject(fault);
    const { url, verifier } = await client.authorizeUrl();
    let isOver = false;
    const way = approve(createBrowser(world), url, { provider }).finally(() => {
      isOver = true;
    });
    // In the Worker, whose timers these are, and not in an object as `world.advance()` does.
    while (!isOver) await vi.advanceTimersByTimeAsync(1000);
    const back = await way;
    expect(`${back.origin}${back.pathname}`).toBe(client.redirectUri);
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: "temporarily_unavailable",
      state: url.searchParams.get("state"),
    });
    expect(back.searchParams.has("code")).toBe(false);
    expect(told.join("\n")).not.toContain("request_crashed");
    expect(await everythingStored()).not.toMatch(/"(?:grant|token):/);
    // The next try works.
    acedata.clearFaults();
    const next = await client.authorizeUrl();
    const done = await approve(createBrowser(world), next.url, { provider });
    expect((await client.redeem(done.searchParams.get("code") ?? "", next.verifier)).status).toBe(200);
    expect((await client.redeem(back.searchParams.get("code") ?? "none", verifier)).status).toBe(400);
  });

  it.each([
    ["there is no key and none is made", '{"id":"c1"}'],
    ["what was made is no key", '{"id":"c1","token":7}'],
    ["what was made is empty", '{"id":"c1","token":""}'],
    ["what was made cannot be sent in a header", '{"id":"c1","token":"two\\nlines-0123456789"}'],
  ])("tells the person what to do when %s", async (_what, text) => {
    acedata.signInAs({ userId: "u1" });
    acedata.inject({ kind: "body", match: CREDENTIALS, skip: 1, text });
    const { url } = await client.authorizeUrl();
    const browser = createBrowser(world);
    const decided = await browser.decide({
      handle: await handleOn(await browser.open(url)),
      decision: "approve",
    });
    const page = await browser.open(await provider(locationOf(decided)));
    expect([page.status, await page.text()]).toEqual([
      403,
      expect.stringContaining("platform.acedata.cloud"),
    ]);
    expect(await everythingStored()).not.toMatch(/"(?:grant|token):/);
  });

  it("is declined by the person: the app is told, and nothing is asked of the platform", async () => {
    acedata.signInAs({ userId: "u1", credentials: ["token-of-u1-0123456789"] });
    acedata.declineNext();
    const { url } = await client.authorizeUrl();
    const back = await approve(createBrowser(world), url, { provider });
    expect(back.href).toContain(client.redirectUri);
    expect(back.searchParams.get("error")).toBe("access_denied");
    expect(asked()).toEqual([]);
  });

  it("comes only after consent, and proves with PKCE that the code is of this sign-in", async () => {
    acedata.signInAs({ userId: "attacker", credentials: ["token-of-the-attacker"] });
    const depart = async () => {
      const browser = createBrowser(world);
      const { url } = await client.authorizeUrl();
      const consent = await browser.open(url);
      expect(acedata.requests).toEqual([]);
      const decided = await browser.decide({ handle: await handleOn(consent), decision: "approve" });
      return { browser, away: locationOf(decided) };
    };
    const victim = await depart();
    const attacker = await depart();
    for (const { searchParams } of [victim.away, attacker.away])
      expect(Object.fromEntries(searchParams)).toMatchObject({
        response_type: "code",
        scope: "profile platform",
        redirect_uri: "https://veo.test/oauth/callback",
        code_challenge_method: "S256",
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      });
    expect(victim.away.searchParams.get("code_challenge")).not.toBe(
      attacker.away.searchParams.get("code_challenge"),
    );
    // The victim's browser comes back with its own state, and with a code of the attacker's.
    const injected = await provider(attacker.away);
    injected.searchParams.set("state", victim.away.searchParams.get("state") ?? "");
    const back = locationOf(await victim.browser.open(injected));
    expect(back.searchParams.get("error")).toBe("temporarily_unavailable");
    expect(acedata.requestsTo("/oauth2/token").map(({ status }) => status)).toEqual([400]);
    expect(asked()).toEqual([]);
  });

  describe.each(LANES)("is not the only way in, $lane", ({ connect }) => {
    it("since an AceDataCloud key in the header is an account of its own here too", async () => {
      const key = newKey("ada");
      world.join(accountOf(key));
      const header = await createPayer(world, key, connect);
      const taskId = await header.submit();
      expect(world.simulator.requestsTo("paid")).toMatchObject([{ token: key }]);
      // The same key, by way of a sign-in, is the person's account, and not the key's.
      const { access_token } = await tokensOf({ userId: "u1", credentials: [key] });
      const person = await createPayer(world, access_token, connect);
      expect((await person.call("veo_list_tasks")).structuredContent).toMatchObject({ count: 0 });
      expect((await header.call("veo_list_tasks")).structuredContent).toMatchObject({
        tasks: [{ task_id: taskId }],
      });
      world.simulator.inject({ kind: "status", status: 401, match: "tasks" });
      expect((await callMcp(world, newKey())).status).toBe(401);
    });
  });
});
