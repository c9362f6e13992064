import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectLegacy } from "../clients.ts";
import { createTeamWithVideos, leaked, type Member, type TeamWithVideos } from "./team-with-videos.ts";

const INITIALIZE = {
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};
const LIST = { method: "tools/call", params: { name: "veo_list_tasks", arguments: {} } };

describe("sessions of the accounts of one team", () => {
  let its: TeamWithVideos;
  beforeEach(async () => {
    its = await createTeamWithVideos(connectLegacy);
  });
  afterEach(() => its.end());

  const send = (bearer: string, method: string, message: object | undefined, sessionId?: string) =>
    its.team.fetch("/mcp", {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...(sessionId !== undefined && { "mcp-session-id": sessionId }),
      },
      ...(message !== undefined && { body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }) }),
    });
  const openSession = async ({ bearer }: Member) =>
    (await send(bearer, "POST", INITIALIZE)).headers.get("mcp-session-id") ?? "";

  it("are not there for another account, which can neither use nor end them", async () => {
    const sessions = await Promise.all(its.members.map(openSession));
    expect(new Set(sessions).size).toBe(its.members.length);
    for (const [index, owner] of its.members.entries()) {
      const sessionId = sessions[index] ?? "";
      for (const stranger of its.members.filter((member) => member !== owner))
        for (const [method, message] of [
          ["POST", LIST],
          ["POST", INITIALIZE],
          ["DELETE", undefined],
        ] as const) {
          const answer = await send(stranger.bearer, method, message, sessionId);
          const text = await answer.text();
          expect([answer.status, text], `${method} by ${stranger.account}`).toEqual([
            404,
            expect.stringContaining("Session not found"),
          ]);
          expect(leaked(text, owner)).toEqual([]);
        }
      // In memory and after it: it is still its owner's.
      for (const isEvicted of [false, true]) {
        if (isEvicted) await its.team.world.evict();
        const own = await send(owner.bearer, "POST", LIST, sessionId);
        expect(own.status).toBe(200);
        expect(leaked(await own.text(), owner)).toContain(owner.word);
      }
    }
  });

  it("show whoever holds the bearer, whatever else a request says of accounts", async () => {
    const [owner, stranger] = its.members;
    if (owner === undefined || stranger === undefined) throw new Error("no members");
    const sessionId = await openSession(stranger);
    const answer = await its.team.fetch(`/mcp?account=${owner.account}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${stranger.bearer}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-session-id": sessionId,
        "x-account": owner.account,
        "x-partykit-room": owner.account,
        "x-agents-lifecycle-props": JSON.stringify({ account: owner.account }),
        cookie: `account=${owner.account}`,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: LIST.method,
        params: { ...LIST.params, _meta: { account: owner.account } },
      }),
    });
    const text = await answer.text();
    expect(leaked(text, stranger)).toContain(stranger.word);
    expect(leaked(text, owner)).toEqual([]);
  });
});
