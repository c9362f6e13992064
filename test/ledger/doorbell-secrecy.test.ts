import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { CALLBACK_PATH } from "../../src/veo/callback-path.ts";
import { LANES, type TestClient } from "../clients.ts";
import { makeElsewhere } from "../elsewhere.ts";
import { openSession, type RawSession, sendModern } from "../mcp/raw-request.ts";
import { tablesOf } from "../stored-tables.ts";
import { ACCESS_KEY, UPSTREAM_TOKEN, type World } from "../world.ts";
import { createDoorbell, type Doorbell } from "./doorbell-world.ts";

const orderSchema = z.object({ callback_url: z.string() });

/** Everything that leaves a server, on streams too, as it is said. */
function overhear(world: World): { heard: string[]; world: World } {
  const heard: string[] = [];
  const listen = async (body: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of body) heard.push(decoder.decode(bytes, { stream: true }));
    } catch {
      // A stream breaks when its object does; what it said until then counts.
    }
  };
  return {
    heard,
    world: {
      ...world,
      async fetch(input, init) {
        const response = await world.fetch(input, init);
        heard.push(JSON.stringify([...response.headers]));
        if (response.body === null) return response;
        const [ours, theirs] = response.body.tee();
        void listen(ours);
        return new Response(theirs, response);
      },
    },
  };
}

describe.each(LANES)("an address of the doorbell, $lane", ({ connect }) => {
  let bell: Doorbell;
  let world: World;
  let heard: string[];
  let client: TestClient;
  let session: RawSession;
  const lines: string[] = [];
  beforeEach(async () => {
    lines.length = 0;
    for (const level of ["debug", "log", "info", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation(
        (...line: unknown[]) => void lines.push(line.map(String).join(" ")),
      );
    bell = await createDoorbell({ deployment: { LOG_LEVEL: "debug" } });
    const wire = overhear(bell.world);
    ({ world, heard } = wire);
    client = await world.until(connect(world), 0);
    session = await openSession(world);
  });
  afterEach(() => world.end());

  it("is in no answer, list, resource, notification, error or line of the log, and in no row", async () => {
    const call = async (tool: string, args: Record<string, unknown> = {}) =>
      (await world.until(client.callTool(tool, args))).structuredContent;
    const order = async (prompt: string) => {
      const ordered = await call("veo_text_to_video", { prompt });
      return String(ordered?.task_id);
    };
    const made = await order("a fox");
    const { submission_id: submissionId } = await bell.poll(made);
    const ids = [made, await order("[fail] a fox"), await order("[sync] a fox")];
    for (const prompt of ["[no-task-id] a fox", "[reject] a fox", "[busy] a fox"])
      expect(await order(prompt)).toBe("undefined");
    const addresses = world.simulator.requestsTo("paid").map(({ body }) => String(body?.callback_url));
    expect(new Set(addresses.filter((address) => address.includes(CALLBACK_PATH))).size).toBe(6);

    // Somebody else's with the same token, whose record carries such an address too.
    const callback_url = `${addresses[0]}-of-another`;
    ids.push((await makeElsewhere(world.simulator, UPSTREAM_TOKEN, { callback_url })).taskId);

    // Whoever listens hears of the end.
    const uri = `veo://tasks/${made}`;
    await sendModern(world, {
      method: "subscriptions/listen",
      params: { notifications: { taskIds: [submissionId], resourceSubscriptions: [uri] } },
    });
    await session.ask("resources/subscribe", { uri });
    await call("veo_get_task", { task_id: made, wait_seconds: 50 });
    await world.advance(60_000);
    expect(world.simulator.callbacks.length).toBeGreaterThan(2);

    for (const task_id of ids) {
      await call("veo_get_task", { task_id });
      await client
        .readResource(`veo://tasks/${task_id}`)
        .catch((error: unknown) => heard.push(String(error)));
      await sendModern(world, { method: "tasks/get", params: { taskId: submissionId } });
    }
    await call("veo_get_tasks_batch");
    await call("veo_get_tasks_batch", { task_ids: ids });
    await call("veo_list_tasks", { limit: 50 });
    await client.listResources();
    await client.listResourceTemplates();
    await client.listTools();
    await client.complete({ type: "ref/resource", uri: "veo://tasks/{id}" }, "id", "");
    for (const address of addresses) await bell.ring(address);
    await world.advance(60_000);

    const told = heard.join("\n");
    const spoken = ["succeeded", "failed", "from elsewhere", "resources/updated", "notifications/tasks"];
    expect(spoken.filter((word) => !told.includes(word))).toEqual([]);
    const stored = await world.inObject((_, { storage }) => JSON.stringify(tablesOf(storage)));
    expect(stored.includes("a fox")).toBe(true);
    const secrets = [ACCESS_KEY, CALLBACK_PATH, ...addresses.map((address) => address.slice(-60))];
    for (const place of [told, lines.join("\n"), stored])
      expect(secrets.filter((secret) => place.includes(secret))).toEqual([]);
    expect(/rings|rang_?at/i.exec(told)).toBeNull();
  });

  it.each([
    [
      "the message of a record without its request",
      (address: string) => ({ code: "no", message: `Cannot ring ${address}` }),
    ],
    ["a code", (address: string) => ({ code: address, message: "no" })],
  ])("is not kept or told when the upstream quotes it in %s", async (_where, said) => {
    const { structuredContent } = await world.until(
      client.callTool("veo_text_to_video", { prompt: "a fox" }),
    );
    const error = said(bell.address());
    const text = JSON.stringify({
      items: [{ id: structuredContent?.task_id, response: { success: false, error } }],
    });
    world.simulator.inject({ kind: "body", match: "tasks", text, times: "forever" });
    await world.advance(150_000);
    const told = JSON.stringify(await world.until(client.callTool("veo_list_tasks", {})));
    expect(told).toContain("[address]");
    const stored = await world.inObject((_, { storage }) => JSON.stringify(tablesOf(storage)));
    expect([told, stored].filter((place) => place.includes(CALLBACK_PATH))).toEqual([]);
  });

  it("is not kept when the upstream quotes it in a failure to answer", async () => {
    await world.until(client.callTool("veo_text_to_video", { prompt: "a fox" }));
    const message = `Cannot ring ${bell.address()}`;
    world.simulator.inject({ kind: "status", match: "tasks", status: 500, message, times: "forever" });
    await world.advance(150_000);
    const stored = await world.inObject((_, { storage }) => JSON.stringify(tablesOf(storage)));
    expect(stored).toContain("Cannot ring [address]");
    expect(stored).not.toContain(CALLBACK_PATH);
  });

  it.each([
    [400, "Correct what the upstream names"],
    [500, "It is being found out whether the video was accepted"],
  ])("is not quoted when the upstream quotes it with a %i", async (status, next) => {
    let quoted = "";
    vi.stubGlobal("fetch", async (_: URL, { body }: { body: string }) => {
      quoted = orderSchema.parse(JSON.parse(body)).callback_url;
      const message = `callback_url: ${quoted} cannot be reached (${quoted})`;
      return Response.json({ error: { code: "bad_request", message } }, { status });
    });
    const { content } = await world.until(client.callTool("veo_text_to_video", { prompt: "a fox" }));
    expect(quoted).toContain(CALLBACK_PATH);
    expect(JSON.stringify(content)).toContain("callback_url: [address] cannot be reached ([address])");
    expect(JSON.stringify(content)).toContain(next);
    await world.until(client.callTool("veo_list_tasks", {}));
    expect(heard.filter((text) => text.includes(CALLBACK_PATH))).toEqual([]);
  });
});
