import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ticketRequest } from "../../../src/agent/streams.ts";
import { type EventReader, listen, openStreamingSession, openStreams } from "../../mcp/event-reader.ts";
import type { World } from "../../world.ts";
import { accountOf, createPayer, createPayersWorld, newKey, type Payer } from "../payer.ts";

const uriOf = (id: string) => `veo://tasks/${id}`;

describe("the streams of two accounts", () => {
  let world: World;
  let keys: { ada: string; bob: string };
  let ada: Payer;
  let bob: Payer;
  beforeEach(async () => {
    keys = { ada: newKey("ada"), bob: newKey("bob") };
    world = createPayersWorld({ accounts: [accountOf(keys.ada), accountOf(keys.bob)] });
    ada = await createPayer(world, keys.ada);
    bob = await createPayer(world, keys.bob);
  });
  afterEach(() => world.end());

  const make = async (payer: Payer, prompt: string) => {
    const { structuredContent } = await payer.call("veo_text_to_video", { prompt });
    return {
      taskId: String(structuredContent?.task_id),
      submissionId: String(structuredContent?.submission_id),
    };
  };
  /** Has both objects end all streams. @returns all that was said on these. */
  const saidOn = async (...streams: EventReader[]) => {
    for (const account of [accountOf(keys.ada), accountOf(keys.bob)])
      await world.inObject((_, state) => {
        for (const socket of state.getWebSockets()) socket.close();
      }, account);
    const said = await Promise.all(streams.map((stream) => stream.rest()));
    return said.map((messages) => messages.flatMap(({ method, params }) => (method ? [params] : [])));
  };

  it("tell each of its own tasks only, whatever the other asks for", async () => {
    const [hers, his] = [await make(ada, "a heron"), await make(bob, "a crane")];
    const all = [hers, his].flatMap(({ taskId, submissionId }) => [uriOf(taskId), uriOf(submissionId)]);
    const notifications = {
      taskIds: [hers.submissionId, his.submissionId],
      resourceSubscriptions: all,
    };
    const her = await listen(world, { bearer: keys.ada, notifications });
    const him = await listen(world, { bearer: keys.bob, notifications });
    expect(her.acknowledged.params?.notifications).toEqual({
      taskIds: [hers.submissionId],
      resourceSubscriptions: [uriOf(hers.taskId), uriOf(hers.submissionId)],
    });
    expect(him.acknowledged.params?.notifications).toEqual({
      taskIds: [his.submissionId],
      resourceSubscriptions: [uriOf(his.taskId), uriOf(his.submissionId)],
    });
    const stranger = await listen(world, {
      bearer: keys.bob,
      notifications: { taskIds: [hers.submissionId], resourceSubscriptions: [uriOf(hers.taskId)] },
    });
    expect(stranger.acknowledged.params?.notifications).toEqual({});
    expect(await stranger.rest()).toHaveLength(1);

    await world.advance(90_000);
    const [heard = [], overheard = []] = await saidOn(her, him);
    expect(heard).toHaveLength(3);
    expect(overheard).toHaveLength(3);
    for (const id of [hers.taskId, hers.submissionId]) {
      expect(JSON.stringify(heard)).toContain(id);
      expect(JSON.stringify(overheard)).not.toContain(id);
    }
    for (const id of [his.taskId, his.submissionId]) expect(JSON.stringify(heard)).not.toContain(id);
    expect(await ada.stateOf(hers.taskId)).toBe("succeeded");
  });

  it("belong to sessions that another account can neither use, subscribe with, nor open streams of", async () => {
    const hers = await make(ada, "a heron");
    const session = await openStreamingSession(world, keys.ada);
    await session.subscribe(uriOf(hers.submissionId));
    const his = await openStreamingSession(world, keys.bob);
    const unknown = await his.ask("resources/subscribe", { uri: uriOf(hers.submissionId) });
    expect(unknown).toMatchObject({ error: { code: -32002 } });
    const stolen = await session.get({ authorization: `Bearer ${keys.bob}` });
    expect([stolen.status, await stolen.json()]).toMatchObject([404, { error: { code: -32001 } }]);
    const open = [await session.open(), await his.open()];
    await world.evict();
    await world.advance(90_000);
    expect(await saidOn(...open)).toEqual([[{ uri: uriOf(hers.submissionId) }], []]);
  });

  it("count for each account by itself, and take no tickets of the other's", async () => {
    const sessions = [
      await openStreamingSession(world, keys.ada),
      await openStreamingSession(world, keys.bob),
    ];
    const streams = [];
    for (let count = 0; count < 50; count += 1) streams.push(await sessions[0]?.open());
    expect((await sessions[0]?.get())?.status).toBe(429);
    const his = await sessions[1]?.open();
    expect(await openStreams(world, accountOf(keys.bob))).toBe(1);
    const forged = await env.VEO_AGENT.getByName(accountOf(keys.bob)).fetch(
      ticketRequest(crypto.randomUUID()),
    );
    expect(forged.status).toBe(404);
    await sessions[1]?.end();
    expect(await his?.rest()).toEqual([]);
    expect(await openStreams(world, accountOf(keys.ada))).toBe(50);
    await sessions[0]?.end();
    for (const stream of streams) expect(await stream?.rest()).toEqual([]);
  });

  it("go on telling a client whose key is kept for the watch alone", async () => {
    const { submissionId } = await make(ada, "[slow] a heron");
    const stream = await listen(world, { bearer: keys.ada, notifications: { taskIds: [submissionId] } });
    await world.evict();
    await world.advance(700_000);
    const [heard] = await saidOn(stream);
    expect(heard).toMatchObject([{ taskId: submissionId, status: "completed" }]);
    expect(JSON.stringify(heard)).not.toContain(keys.ada);
  });
});
