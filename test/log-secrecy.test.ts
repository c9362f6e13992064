import { afterEach, describe, expect, it } from "vitest";
import { accountHash } from "../src/agent/account-hash.ts";
import { createBrowser } from "./auth/browser.ts";
import { callMcp, registerClient, signIn } from "./auth/oauth-client.ts";
import { createSignInWorld } from "./auth/sign-in-world.ts";
import { expectDocumented, readLog } from "./log-lines.ts";
import { openSession } from "./mcp/raw-request.ts";
import { ACCESS_KEY, UPSTREAM_TOKEN, type World } from "./world.ts";

const SECRET_KEY = "secret-key-of-the-log-0123456789-0123456789";
const OWNER = accountHash("owner", SECRET_KEY);

describe("all lines of a life", () => {
  let world: World;
  afterEach(() => world.end());

  it("have no prompt, no address, no secret and no name, at the lowest level", async () => {
    world = createSignInWorld({
      generationMs: 60_000,
      rings: true,
      deployment: { SECRET_KEY, LOG_LEVEL: "debug" },
    });
    const lines = readLog();
    const secrets = { ACCESS_KEY, UPSTREAM_TOKEN, SECRET_KEY, account: "owner", prompt: "kingfisher" };
    const session = await openSession(world);
    const call = (name: string, args: object) =>
      world.until(session.ask("tools/call", { name, arguments: args }));
    const image_urls = ["https://pictures.test/a-signed-picture?signature=abc"];
    await call("veo_image_to_video", { prompt: "a kingfisher", image_urls });
    const callback_url = "https://caller.test/a-callback-of-the-caller";
    await call("veo_text_to_video", { prompt: "[fail] a kingfisher", callback_url });
    world.simulator.inject({
      kind: "status",
      match: "paid",
      status: 400,
      code: "a kingfisher",
      message: `a kingfisher of ${UPSTREAM_TOKEN}`,
    });
    await call("veo_text_to_video", { prompt: "a kingfisher" });
    world.simulator.inject({ kind: "drop", match: "paid", when: "after" });
    await call("veo_text_to_video", {
      prompt: "a lost kingfisher",
      idempotency_key: "key-of-the-kingfisher",
    });
    await world.advance(20 * 60_000);
    const listed = await call("veo_list_tasks", { query: "kingfisher" });
    const videos = JSON.stringify(listed.result).match(/https:[^"\\]+mp4/g) ?? [];
    const rings = world.simulator.requestsTo("paid").map(({ body }) => String(body?.callback_url));
    expect([videos.length > 0, rings.filter((address) => address.includes("/callbacks/")).length]).toEqual([
      true,
      3,
    ]);
    for (const address of rings) await (await world.fetch(address, { method: "POST" })).text();
    await session.end();
    await session.send({ jsonrpc: "2.0", id: 1, method: "ping" });
    const client = await registerClient(world);
    const tokens = await signIn(client, createBrowser(world), { secret: ACCESS_KEY });
    for (const token of [tokens.access_token, `${tokens.access_token}x`, "a-key-that-is-wrong-0123"])
      await (await callMcp(world, token)).text();
    await (await client.refresh("a:b:c")).text();

    expectDocumented(lines);
    const events = new Set(lines.all().map(({ event }) => event));
    for (const event of ["tool_call", "upstream_request", "alarm_round", "callback", "refused", "signed_in"])
      expect(events).toContain(event);
    for (const line of lines.all())
      for (const [field, value] of Object.entries(line))
        for (const [name, secret] of Object.entries({
          ...secrets,
          ...tokens,
          session: session.id,
          image: "pictures.test",
          caller: "caller.test",
          rings: "/callbacks/",
          media: new URL(videos[0] ?? "").hostname,
          idempotency_key: "key-of-the-kingfisher",
          scope: "offline_access",
        }))
          expect(String(value).includes(String(secret)), `${name} in ${field} of ${line.event}`).toBe(false);
    for (const line of lines.all().filter(({ event }) => /^(tool_call|alarm_round)$/.test(event)))
      expect(line.account).toBe(OWNER);
  });
});
