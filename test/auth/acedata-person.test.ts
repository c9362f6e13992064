import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { callerSchema } from "../../src/agent/caller.ts";
import { acedataPerson } from "../../src/auth/acedata.ts";
import { createFakeAcedata, type FakeAcedata } from "../identity/fake-acedata.ts";
import { acedataParty, signIn } from "../identity/relying-party.ts";

describe("the account of somebody who signed in at AceDataCloud", () => {
  let acedata: FakeAcedata;
  beforeEach(() => {
    acedata = createFakeAcedata();
    vi.stubGlobal("fetch", acedata.fetch);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    expect(acedata.unexpected).toEqual([]);
  });

  const accountOf = async (userId: string): Promise<string> => {
    acedata.signInAs({ userId, credentials: ["token-0123456789"] });
    const { access_token } = await signIn(acedataParty(acedata), acedata, "profile platform");
    const { client, authUrl: authBaseUrl, platformUrl: platformBaseUrl } = acedata;
    const provider = { kind: "acedata", clientId: client.id, authBaseUrl, platformBaseUrl } as const;
    const outcome = await acedataPerson(provider, access_token);
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    return outcome.person.account;
  };

  it.each([
    ["a UUID", "9b2d0e3a-1c7b-4d11-8f00-253eedc4f5a8", "ace-9b2d0e3a-1c7b-4d11-8f00-253eedc4f5a8"],
    ["a number in a string", "42", "ace-42"],
  ])("is named after their id when it is %s", async (_what, userId, account) => {
    expect(await accountOf(userId)).toBe(account);
  });

  it("is the same for a number, written as one", async () => {
    acedata.oddTokenNext("numeric-user-id");
    expect(await accountOf("42")).toBe("ace-42");
  });

  it("is never another's, whatever an id may be one day", async () => {
    const hostile = [
      "owner",
      "service",
      "u1",
      "U1",
      "u1 ",
      " u1",
      "u1\u0000",
      "u1\n",
      "u1/",
      "../u1",
      "ace-u1",
      "u1:grant",
      "github-1",
      "key-0123456789abcdef0123456789abcdef",
      "u\u0131",
      "\u{1d54f}",
      "x".repeat(64),
      "x".repeat(65),
      "x".repeat(10_000),
      "__proto__",
      "%75%31",
      "&user_id=u1",
      "a@b.test",
    ];
    const accounts = new Map<string, string>();
    for (const userId of hostile) accounts.set(await accountOf(userId), userId);
    expect(accounts.size).toBe(hostile.length);
    for (const [account, userId] of accounts) {
      expect(account).toMatch(/^ace-/);
      expect(callerSchema.safeParse({ account, ownsToken: true }).success, account).toBe(true);
      // Nor can an id be made to look like what another one was turned into.
      const lookalike = account.slice("ace-".length);
      if (lookalike !== userId) expect(await accountOf(lookalike)).not.toBe(account);
    }
  });
});
