import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accountHash } from "../../src/agent/account-hash.ts";
import { packExchange } from "../../src/agent/exchange.ts";
import { TICKET_MS, ticketRequest } from "../../src/agent/streams.ts";
import { VeoAgent } from "../../src/agent/veo-agent.ts";
import { MAX_STREAMS } from "../../src/mcp/subscription-store.ts";
import { connectModern, type TestClient } from "../clients.ts";
import { type LogLines, readLog } from "../log-lines.ts";
import {
  expectStreams,
  listen,
  openStreamingSession,
  openStreams,
  readEvents,
  type StreamingSession,
} from "../mcp/event-reader.ts";
import { ACCESS_KEY, createWorld, ORIGIN, type World } from "../world.ts";

/** What is logged of one. */
const failure = (event: string, error: string) => ({
  event,
  level: "error",
  account: accountHash("owner", undefined),
  error,
});

describe("the streams of an account's object", () => {
  let world: World;
  let client: TestClient;
  let session: StreamingSession;
  /** What was logged, which is errors only. */
  let lines: LogLines;
  beforeEach(async () => {
    world = createWorld();
    lines = readLog();
    client = await world.until(connectModern(world));
    session = await openStreamingSession(world);
  });
  afterEach(() => world.end());

  const object = (account = "owner") => env.VEO_AGENT.getByName(account);
  /** Asks for a stream of the session, as the Worker does. */
  const ask = () =>
    object().openStream(
      packExchange({
        method: "GET",
        origin: ORIGIN,
        headers: [
          ["accept", "text/event-stream"],
          ["mcp-session-id", session.id],
        ],
      }),
      { account: "owner", ownsToken: true },
    );
  const ticket = async (): Promise<string> => {
    const opened = await ask();
    if (!opened.ok || opened.ticket === undefined) throw new Error("no ticket");
    return opened.ticket;
  };
  const connect = (request: Request, account?: string) => object(account).fetch(request);
  /** Has sending news fail, for some of the times that it is tried; the test runner has sockets of its own. */
  const breakSending = (isBroken: () => boolean) => {
    const { send } = WebSocket.prototype;
    return vi.spyOn(WebSocket.prototype, "send").mockImplementation(function (this: WebSocket, data) {
      if (String(data).startsWith('{"method":"notifications/') && isBroken())
        throw new TypeError("the pipe is broken");
      send.call(this, data);
    });
  };
  const make = async (prompt = "a heron") => {
    const { structuredContent } = await world.until(client.callTool("veo_text_to_video", { prompt }));
    return String(structuredContent?.submission_id);
  };

  it("are connected with tickets that count once", async () => {
    const given = await ticket();
    const { webSocket, status } = await connect(ticketRequest(given));
    expect([status, webSocket]).toEqual([101, expect.anything()]);
    webSocket?.accept();
    expect(await openStreams(world)).toBe(1);
    const again = await connect(ticketRequest(given));
    expect([again.status, again.webSocket, await again.text()]).toEqual([404, null, ""]);
    expect(await openStreams(world)).toBe(1);
    webSocket?.close();
    await expectStreams(world, 0);
  });

  it("are not connected with anything else", async () => {
    const given = await ticket();
    const upgrade = { upgrade: "websocket" };
    const forged: [Request, string?][] = [
      [ticketRequest(crypto.randomUUID())],
      [ticketRequest("")],
      [ticketRequest(given.toUpperCase())],
      [ticketRequest(`${given}/`)],
      [ticketRequest(`x/../${given}x`)],
      [ticketRequest(given), "somebody-else"],
      [new Request(`https://account.invalid/${given}`, { headers: upgrade })],
      [new Request(`https://account.invalid/?ticket=${given}`, { headers: upgrade })],
      [new Request(`https://account.invalid/sub/veo-agent/owner/streams/${given}`, { headers: upgrade })],
      [new Request("https://account.invalid/agents/veo-agent/owner", { headers: upgrade })],
      [new Request(`https://account.invalid/streams/${given}`)],
      [new Request(`https://account.invalid/streams/${given}`, { method: "POST" })],
      [new Request("https://account.invalid/")],
    ];
    for (const [request, account] of forged) {
      const { status, webSocket } = await connect(request, account);
      expect([request.url, status, webSocket]).toEqual([request.url, 404, null]);
    }
    expect(await openStreams(world)).toBe(0);
    expect((await connect(ticketRequest(given))).status).toBe(101);
    expect(lines.take()).toEqual([]);
  });

  it("keep a place for a ticket for a moment, and no longer", async () => {
    const given = await Promise.all(Array.from({ length: MAX_STREAMS }, ticket));
    const refused = await ask();
    expect(refused.ok).toBe(false);
    await world.advance(TICKET_MS - 1);
    expect((await ask()).ok).toBe(false);
    await world.advance(1);
    for (const late of given) expect((await connect(ticketRequest(late))).status).toBe(404);
    const stream = await session.open();
    expect(await openStreams(world)).toBe(1);
    await stream.leave();
  });

  it("are not connected for a session that ended between the two steps, nor after the object died", async () => {
    const [first, second] = [await ticket(), await ticket()];
    await session.end();
    for (const given of [first, second]) expect((await connect(ticketRequest(given))).status).toBe(404);
    session = await openStreamingSession(world);
    const third = await ticket();
    await world.crash();
    expect((await connect(ticketRequest(third))).status).toBe(404);
  });

  it("tell a client to try again when the object dies between the two steps", async () => {
    const use = vi
      .spyOn(VeoAgent.prototype, "fetch")
      .mockResolvedValueOnce(new Response(null, { status: 404 }));
    const refused = await session.get();
    expect([refused.status, refused.headers.get("retry-after"), await refused.text()]).toEqual([
      503,
      "1",
      "",
    ]);
    use.mockRestore();
    await (await session.open()).leave();
  });

  it("are reached by no request of a client's, whatever it asks for", async () => {
    const reached = vi.spyOn(VeoAgent.prototype, "fetch");
    const given = await ticket();
    const headers = {
      authorization: `Bearer ${ACCESS_KEY}`,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
      "x-agents-lifecycle-props": JSON.stringify({ account: "owner" }),
      "x-partykit-room": "owner",
      "mcp-session-id": session.id,
    };
    for (const path of [
      `/streams/${given}`,
      `/mcp/streams/${given}`,
      `/mcp?streams=${given}`,
      `//streams/${given}`,
      "/agents/veo-agent/owner",
      `/agents/veo-agent/owner/streams/${given}`,
      "/sub/veo-agent/owner",
      "/mcp",
      "/",
    ]) {
      const response = await world.fetch(path, { headers });
      expect([path, response.webSocket]).toEqual([path, null]);
      expect(response.status).not.toBe(101);
      await response.text();
    }
    expect(reached).not.toHaveBeenCalled();
    // Of a stream that is let in, nothing of the client's gets there.
    const stream = await readEvents(session.get({ ...headers, cookie: "a=b", "last-event-id": "7" }));
    expect(reached).toHaveBeenCalledTimes(1);
    const [request] = reached.mock.calls[0] ?? [];
    expect(request?.url).toMatch(/^https:\/\/account\.invalid\/streams\/[0-9a-f-]{36}$/);
    expect([...(request?.headers.keys() ?? [])]).toEqual(["upgrade"]);
    await stream.leave();
  });

  it("break neither a look nor a paid submission when nothing can be sent to one of them", async () => {
    const submissionId = await make();
    const notifications = { taskIds: [submissionId], resourceSubscriptions: [`veo://tasks/${submissionId}`] };
    const streams = [
      await listen(world, { id: 1, notifications }),
      await listen(world, { id: 2, notifications }),
    ];
    let times = 0;
    const send = breakSending(() => {
      times += 1;
      return times === 1;
    });
    await world.advance(90_000);
    send.mockRestore();
    expect(
      (await client.callTool("veo_get_task", { task_id: submissionId })).structuredContent,
    ).toMatchObject({
      state: "succeeded",
    });
    await world.inObject((_, state) => {
      for (const socket of state.getWebSockets()) socket.close();
    });
    const heard = (await Promise.all(streams.map((stream) => stream.rest()))).flat();
    expect(heard.flatMap(({ method }) => method ?? []).sort()).toEqual([
      "notifications/resources/updated",
      "notifications/resources/updated",
      "notifications/tasks",
    ]);
    expect(lines.take()).toEqual([failure("announcement_failed", "TypeError")]);
  });

  it("break neither of them when it cannot even be known who listens", async () => {
    const pending = await make();
    await world.inObject((_, { storage }) => {
      storage.sql.exec("ALTER TABLE subscription RENAME TO elsewhere");
    });
    const made = await make();
    await world.advance(90_000);
    for (const task_id of [pending, made])
      expect((await client.callTool("veo_get_task", { task_id })).structuredContent).toMatchObject({
        state: "succeeded",
      });
    expect(world.paidCalls()).toBe(2);
    const logged = lines.take();
    expect(logged.length).toBeGreaterThan(0);
    for (const line of logged) expect(line).toEqual(failure("announcement_failed", "Error"));
    await world.inObject((_, { storage }) => {
      storage.sql.exec("ALTER TABLE elsewhere RENAME TO subscription");
    });
  });

  it("hand out nothing when one cannot be welcomed, and take no place for it", async () => {
    await session.subscribe(`veo://tasks/${await make()}`);
    await world.advance(90_000);
    const send = breakSending(() => true);
    const refused = await session.get();
    send.mockRestore();
    expect([refused.status, await refused.text()]).toEqual([503, ""]);
    expect(lines.take()).toEqual([failure("stream_not_opened", "TypeError")]);
    expect(await openStreams(world)).toBe(0);
    const stream = await session.open();
    expect((await stream.next()).method).toBe("notifications/resources/updated");
    await stream.leave();
  });
});
