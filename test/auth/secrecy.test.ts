import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { tablesOf } from "../stored-tables.ts";
import { ACCESS_KEY, UPSTREAM_TOKEN, type World } from "../world.ts";
import { createBrowser, handleOn, locationOf } from "./browser.ts";
import { callMcp, clientWithId, readTokens, registerClient } from "./oauth-client.ts";
import { shardsNow } from "./object-storage.ts";
import { createSignInWorld } from "./sign-in-world.ts";

const SECRET_KEY = "secret-key-of-these-tests-0123456789-0123456789";
const WRONG_KEY = "a-key-that-somebody-typed-wrong";
const registrationSchema = z.looseObject({ client_id: z.string(), client_secret: z.string() });

describe("what a sign-in leaves behind", () => {
  let world: World;
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    world = createSignInWorld({ variables: { SECRET_KEY, LOG_LEVEL: "debug" } });
    for (const level of ["debug", "log", "info", "warn", "error", "trace"] as const)
      vi.spyOn(console, level).mockImplementation(
        (...line: unknown[]) => void lines.push(line.map(String).join(" ")),
      );
  });
  afterEach(() => world.end());

  /** Everything that every object has written, as text. */
  const everythingStored = async () => {
    const guard = await runInDurableObject(env.SIGN_IN_GUARD.getByName("guard"), (_, { storage }) =>
      tablesOf(storage),
    );
    const account = await world.inObject((_, { storage }) => tablesOf(storage));
    return JSON.stringify([await shardsNow(), guard, account], (_key, value: unknown) =>
      // Bytes in a row are searched as text too.
      value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value,
    );
  };

  it("has none of its secrets in a log line at the lowest level, nor in the bytes of an object", async () => {
    const client = await registerClient(world);
    const browser = createBrowser(world);
    const secrets = new Map<string, string>(
      Object.entries({
        ACCESS_KEY,
        UPSTREAM_TOKEN,
        SECRET_KEY,
        WRONG_KEY,
        state: "state-that-is-the-clients",
      }),
    );
    const note = (name: string, value: string | null | undefined) => {
      if (!value) throw new Error(`no ${name}`);
      secrets.set(name, value);
      return value;
    };
    const ask = async (name: string) => {
      const { url, verifier } = await client.authorizeUrl({ state: "state-that-is-the-clients" });
      const handle = await handleOn(await browser.open(url));
      for (const [cookie, value] of browser.cookies) {
        // The binding cookie is a hash of the handle, and names its row.
        if (!cookie.includes("-consent-")) note(cookie, value);
      }
      note(`${name}, verifier`, verifier);
      return { handle: note(`${name}, handle`, handle), verifier };
    };
    const decide = (handle: string, secret: string, decision: "approve" | "deny" = "approve") =>
      browser.decide({ handle, decision, secret });
    const codeIn = (response: Response) => locationOf(response).searchParams.get("code");

    // Denied, expired, wrong, and right; a code that is never redeemed, one that is, and one that is used twice.
    await decide((await ask("denied")).handle, ACCESS_KEY, "deny");
    await ask("left open");
    await decide((await ask("wrong")).handle, WRONG_KEY);
    const unused = await ask("unused");
    note("unused code", codeIn(await decide(unused.handle, ACCESS_KEY)));
    note("device", browser.cookies.get("__Host-veo-device"));
    const good = await ask("good");
    const code = note("code", codeIn(await decide(good.handle, ACCESS_KEY)));
    const first = await readTokens(await client.redeem(code, good.verifier));
    const second = await readTokens(await client.refresh(first.refresh_token));
    for (const [name, tokens] of Object.entries({ first, second })) {
      note(`${name} access token`, tokens.access_token);
      note(`${name} refresh token`, tokens.refresh_token);
      for (const [part, token] of Object.entries(tokens).filter(([key]) => /_token$/.test(key)))
        note(`secret of the ${name} ${part}`, String(token).split(":")[2]);
    }
    const replayed = await ask("replayed");
    const again = note("replayed code", codeIn(await decide(replayed.handle, ACCESS_KEY)));
    await client.redeem(again, replayed.verifier);
    await client.redeem(again, replayed.verifier);

    const registered = await world.fetch("/oauth/register", {
      method: "POST",
      body: JSON.stringify({ client_name: "Confidential", redirect_uris: [client.redirectUri] }),
    });
    const { client_id, client_secret } = registrationSchema.parse(await registered.json());
    note("client secret", client_secret);
    await clientWithId(world, client_id).refresh(first.refresh_token, { client_secret });
    await clientWithId(world, client_id).refresh("a:b:c", { client_secret: `${client_secret}x` });

    // Calls of all kinds, with what is good and what is not.
    const tool = { name: "veo_text_to_video", arguments: { prompt: "a fox" } };
    const made = await callMcp(world, second.access_token, "tools/call", tool);
    expect(await made.text()).toContain("submission_id");
    for (const token of [ACCESS_KEY, first.access_token, `${first.access_token}x`, UPSTREAM_TOKEN, WRONG_KEY])
      await (await callMcp(world, token)).text();
    world.deploy({ MCP_ACCESS_KEY: "another-access-key-0123456789" });
    await (await callMcp(world, second.access_token)).text();

    const told = lines.join("\n");
    expect(told).toContain("signed_in");
    expect(told).toContain("code_replayed");
    const stored = await everythingStored();
    expect(stored).toContain("grant:owner:");
    expect(stored).toContain("token:owner:");
    expect(stored).toContain("transaction:");
    expect(stored).toContain("a fox");
    for (const [name, secret] of secrets) {
      expect(told.includes(secret), `${name} in the log`).toBe(false);
      expect(stored.includes(secret), `${name} in storage`).toBe(false);
    }
    // Nor who asked, and from where.
    expect(told).not.toContain(client.redirectUri);
  });

  it("is a number of the incident, when something breaks in a way that nobody foresaw", async () => {
    const broken = new Error(`broken near ${ACCESS_KEY}`);
    const getByName = () => ({
      read: () => Promise.reject(broken),
      beginRedemption: () => Promise.reject(broken),
    });
    await world.end();
    world = createSignInWorld({
      bindings: { OAUTH_STORE: { getByName } },
      variables: { LOG_LEVEL: "debug" },
    });
    vi.spyOn(console, "error").mockImplementation((line: unknown) => void lines.push(String(line)));
    const client = clientWithId(world, "0123456789abcdef");
    const { url } = await client.authorizeUrl();
    const answers = [
      await world.fetch(url),
      await client.redeem("owner:a:b", "x".repeat(43)),
      await callMcp(world, "owner:a:b"),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(500);
      const { incident, ...rest } = z.looseObject({ incident: z.uuid() }).parse(await answer.json());
      expect(rest).toEqual({ error: "internal" });
      expect(lines.filter((line) => line.includes(incident))).toHaveLength(1);
    }
    expect(lines.join("\n")).not.toContain("broken near");
    // Whoever has the key is not held up by it.
    const listed = await callMcp(world, ACCESS_KEY);
    expect(listed.status).toBe(200);
    await listed.text();
  });
});
