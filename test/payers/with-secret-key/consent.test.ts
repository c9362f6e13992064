import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBrowser, handleOn, locationOf } from "../../auth/browser.ts";
import { callMcp, type OAuthClient, readTokens, registerClient, signIn } from "../../auth/oauth-client.ts";
import type { FaultInput } from "../../simulator/faults.ts";
import type { World } from "../../world.ts";
import {
  accountOf,
  checksOf,
  createPayer,
  createPayersWorld,
  errorOf,
  keptIn,
  newKey,
  questionsOf,
} from "../payer.ts";
import { everythingStored } from "../stored.ts";

describe("a key that is typed on the consent page", () => {
  let world: World;
  let client: OAuthClient;
  let key: string;
  /** All that was answered and logged. */
  let told: string[];
  beforeEach(async () => {
    key = newKey("ada");
    told = [];
    const real = createPayersWorld({ accounts: [accountOf(key)] });
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

  it("pays for what the app makes, is the same account as in the header, and is nowhere in clear", async () => {
    const tokens = await signIn(client, createBrowser(world), { secret: `  ${key}\n` });
    const app = await createPayer(world, tokens.access_token);
    const taskId = await app.submit("a heron");
    expect(await keptIn(world)).toHaveLength(1);
    const inFlight = await everythingStored();
    await world.advance(90_000);
    expect(await app.stateOf(taskId)).toBe("succeeded");
    expect(world.simulator.requestsTo("paid")).toMatchObject([{ token: key }]);
    expect(questionsOf(world).every(({ token }) => token === key)).toBe(true);
    world.simulator.inject({
      kind: "status",
      status: 401,
      code: "invalid_token",
      message: `what a key: ${key}`,
      match: "paid",
    });
    const refused = await app.call("veo_text_to_video", { prompt: "another" });
    expect(errorOf(refused)).toMatchObject({ code: "unauthorized" });

    const refreshed = await readTokens(await client.refresh(tokens.refresh_token));
    const again = await createPayer(world, refreshed.access_token);
    expect((await again.call("veo_list_tasks", { state: "succeeded" })).structuredContent).toMatchObject({
      count: 1,
    });
    const inHeader = await createPayer(world, key);
    expect(await inHeader.stateOf(taskId)).toBe("succeeded");

    expect(inFlight).toContain("a heron");
    expect(inFlight).not.toContain(key);
    expect(await everythingStored()).not.toContain(key);
    expect(told.join("\n")).toContain("a heron");
    expect(told.join("\n")).not.toContain(key);
    await client.revoke(refreshed.refresh_token);
    expect(
      (await world.fetch("/mcp", { headers: { authorization: `Bearer ${refreshed.access_token}` } })).status,
    ).toBe(401);
  });

  it.each<[string, string | undefined, FaultInput | undefined, number, string]>([
    ["is no key", "not a key", undefined, 400, "does not look like"],
    ["is missing", undefined, undefined, 400, "does not look like"],
    [
      "is refused",
      undefined,
      { kind: "status", status: 401, code: "invalid_token", message: "bad KEY" },
      403,
      "does not accept this key",
    ],
    [
      "cannot be checked",
      undefined,
      { kind: "status", status: 500, message: "trouble with KEY" },
      503,
      "Try again in a minute",
    ],
    ["cannot be checked at all", undefined, { kind: "drop" }, 503, "Try again in a minute"],
  ])(
    "and %s brings the page again with the problem; a good one then works",
    async (what, typed, fault, status, problem) => {
      const browser = createBrowser(world);
      const { url, verifier } = await client.authorizeUrl();
      const secret = typed ?? (what === "is missing" ? undefined : key);
      if (fault !== undefined) world.simulator.inject({ ...echoing(fault, key), match: "tasks" });
      const first = await handleOn(await browser.open(url));
      const again = await browser.decide({
        handle: first,
        decision: "approve",
        ...(secret !== undefined && { secret }),
      });
      expect(again.status).toBe(status);
      const page = await again.clone().text();
      expect(page).toMatch(new RegExp(`role="alert" id="problem">[^<]*${problem}`));
      expect(checksOf(world)).toHaveLength(fault === undefined ? 0 : 1);
      const second = await handleOn(again);
      expect(second).not.toBe(first);

      const good = newKey("eve");
      const back = locationOf(await browser.decide({ handle: second, decision: "approve", secret: good }));
      expect(back.href).toContain(client.redirectUri);
      const tokens = await readTokens(await client.redeem(back.searchParams.get("code") ?? "", verifier));
      world.join(accountOf(good));
      await (await createPayer(world, tokens.access_token)).submit();
      expect(world.simulator.requestsTo("paid")).toMatchObject([{ token: good }]);
      expect(told.join("\n")).not.toContain(key);
      expect(await everythingStored()).not.toContain(key);
    },
  );

  it("ends the sign-in when it is taken back, and not when the upstream is only in trouble", async () => {
    const tokens = await signIn(client, createBrowser(world), { secret: key });
    vi.setSystemTime(Date.now() + 20 * 60_000);
    world.simulator.inject({ kind: "status", status: 500, match: "tasks", times: "forever" });
    const renewed = await readTokens(await client.refresh(tokens.refresh_token));
    world.simulator.clearFaults();
    vi.setSystemTime(Date.now() + 20 * 60_000);
    world.simulator.inject({ kind: "status", status: 401, match: "tasks", times: "forever" });
    const refused = await client.refresh(renewed.refresh_token);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: "invalid_grant" }]);
    expect((await callMcp(world, renewed.access_token)).status).toBe(401);
  });

  it("is neither kept nor shown when the upstream echoes it in a way that JSON has of writing it", async () => {
    const tricky = `${newKey("ada")}/with+signs==`;
    world.join(accountOf(tricky));
    const app = await createPayer(world, tricky);
    const echoed = [...tricky].map((c) => (c === "/" ? "\\/" : c === "-" ? "\\u002d" : c)).join("");
    world.simulator.inject({
      kind: "body",
      status: 401,
      text: `{"error":{"code":"bad_${echoed}","message":"${echoed}"},"trace_id":"${echoed}","${echoed}":1}`,
      match: "paid",
    });
    await app.call("veo_text_to_video", { prompt: "a heron" });
    await app.call("veo_list_tasks");
    expect(told.join("\n")).toContain("[token]");
    expect(told.join("\n")).not.toContain(tricky);
    expect(await everythingStored()).not.toContain(tricky);
  });

  it("is not asked about when the person says no", async () => {
    const browser = createBrowser(world);
    const { url } = await client.authorizeUrl();
    const handle = await handleOn(await browser.open(url));
    const back = locationOf(await browser.decide({ handle, decision: "deny", secret: key }));
    expect(back.searchParams.get("error")).toBe("access_denied");
    expect(world.simulator.requests).toEqual([]);
  });
});

/** An upstream that says the key in its error. */
const echoing = (fault: FaultInput, key: string): FaultInput =>
  fault.kind === "status" ? { ...fault, message: fault.message?.replace("KEY", key) ?? "" } : fault;
