import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callbackAddresses } from "../../src/agent/callback-address.ts";
import { CALLBACK_PATH } from "../../src/veo/callback-path.ts";
import { createDoorbell, type Doorbell, SECRET_KEY } from "../ledger/doorbell-world.ts";
import { ORIGIN, type World } from "../world.ts";

const NOT_FOUND = '{"error":"not_found"}';
const CLAIM = JSON.stringify({
  success: true,
  task_id: "t",
  data: [{ id: "v", video_url: "https://evil.test/v.mp4", state: "succeeded" }],
});

/** An address as the deployment makes them, for an account that has no object. */
const addressFor = (account: string, secretKey = SECRET_KEY) =>
  callbackAddresses({ callbacks: "on", secretKey, publicOrigin: undefined }, ORIGIN, account)?.("sub_1") ??
  "";
const flip = (address: string, at: number) => {
  const index = address.length + at;
  return address.slice(0, index) + (address[index] === "A" ? "B" : "A") + address.slice(index + 1);
};

describe("the door of the doorbell", () => {
  let bell: Doorbell;
  let world: World;
  let taskId: string;
  beforeEach(async () => {
    bell = await createDoorbell({ rings: false });
    ({ world } = bell);
    taskId = await bell.submit("a fox");
  });
  afterEach(() => world.end());

  const objects = async () => (await listDurableObjectIds(env.VEO_AGENT)).map(String).sort();
  /** What must not happen at an address that is not ours. */
  const traces = async () => [await objects(), bell.askedAt(), world.simulator.requests.length];

  it.each<[string, (address: string) => string]>([
    ["nothing", () => CALLBACK_PATH],
    ["a guess", () => `${CALLBACK_PATH}${"A".repeat(120)}`],
    ["a name of ours", () => `${CALLBACK_PATH}owner`],
    ["another secret key's", () => addressFor("nobody", `${SECRET_KEY}-of-another`)],
    ["altered in its tag", () => flip(addressFor("nobody"), -1)],
    ["altered in the account that it names", () => flip(addressFor("nobody"), -40)],
    ["altered at its beginning", () => flip(addressFor("nobody"), -addressFor("nobody").length + 30)],
    ["cut short", () => addressFor("nobody").slice(0, -1)],
    ["with a slash behind it", () => `${addressFor("nobody")}/`],
    ["with a path behind it", () => `${addressFor("nobody")}/..%2f`],
    ["with padding", () => `${addressFor("nobody")}=`],
    ["in capitals", () => addressFor("nobody").replace(CALLBACK_PATH, "/CALLBACKS/")],
    ["below another path", () => addressFor("nobody").replace(CALLBACK_PATH, `/mcp${CALLBACK_PATH}`)],
    ["with two slashes", () => addressFor("nobody").replace(CALLBACK_PATH, "/callbacks//")],
    ["eight kilobytes long", () => addressFor("nobody") + "A".repeat(8192)],
  ])("answers 404 to %s, by whatever method, and wakes nobody", async (_what, forge) => {
    const before = await traces();
    for (const method of ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await world.fetch(forge(bell.address()), { method });
      expect([method, response.status]).toEqual([method, 404]);
      expect(await response.text()).toBe(NOT_FOUND);
    }
    await world.advance(1000);
    expect(await traces()).toEqual(before);
  });

  it("wakes an object for an address of ours only, so that the tables above prove something", async () => {
    const before = await objects();
    expect(await bell.ring(addressFor("nobody"))).toBe(404);
    expect(await objects()).toHaveLength(before.length + 1);
  });

  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "takes %s at a good address for no ring",
    async (method) => {
      const response = await world.fetch(bell.address(), { method });
      expect([response.status, await response.text()]).toEqual([404, NOT_FOUND]);
      await world.advance(1000);
      expect(bell.askedAt()).toEqual([]);
    },
  );

  it.each<[string, () => BodyInit]>([
    ["claims a success", () => CLAIM],
    ["claims it in 30 MB", () => CLAIM.padEnd(30 * 1024 * 1024)],
    ["is no JSON", () => "{"],
    ["is empty", () => ""],
  ])("believes no body that %s, and answers 204 at once", async (_what, body) => {
    expect(await bell.ring(bell.address(), { body: body() })).toBe(204);
    await world.advance(14_000);
    expect(await bell.poll(taskId)).toMatchObject({ state: "processing", videos: [] });
    expect(bell.askedAt()).toEqual([0, 2, 5, 10]);
  });

  it("does not read a body", async () => {
    let pulls = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulls += 1;
          controller.enqueue(new Uint8Array(65_536));
          // Not for ever: whoever reads it after all must fail here, and not fill the memory.
          if (pulls === 10) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    expect(await bell.ring(bell.address(), { body })).toBe(204);
    expect(pulls).toBe(0);
  });

  it("answers without the upstream, also while the object waits for that", async () => {
    world.simulator.inject({ kind: "hang", match: "all", times: "forever" });
    const ordered = bell.client.callTool("veo_text_to_video", { prompt: "another fox" });
    await world.settle();
    const { length } = world.simulator.requests;
    expect(length).toBe(2);
    const nowMs = Date.now();
    for (let turn = 0; turn < 3; turn += 1) expect(await bell.ring(bell.address(0))).toBe(204);
    expect([Date.now(), world.simulator.requests.length]).toEqual([nowMs, length]);
    world.simulator.clearFaults();
    await world.until(ordered);
  });

  it("answers 204 as long as the task is watched, whatever query follows, and 404 from then on", async () => {
    expect(await bell.ring(`${bell.address()}?attempt=1`)).toBe(204);
    await world.advance(70_000);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
    const response = await world.fetch(bell.address(), { method: "POST" });
    expect([response.status, await response.text()]).toEqual([404, NOT_FOUND]);
    await bell.submit("[fail] a fox");
    await world.advance(55_000);
    expect(await bell.ring()).toBe(204);
    await world.advance(10_000);
    expect(await bell.ring()).toBe(404);
  });

  it.each([
    ["CALLBACKS=off", { CALLBACKS: "off" }],
    ["no secret key", { SECRET_KEY: "" }],
    ["another secret key", { SECRET_KEY: `${SECRET_KEY}-of-another` }],
  ])("is closed to addresses of before by %s; their tasks are looked at as ever", async (_what, changed) => {
    await world.redeploy(changed);
    expect(await bell.ring()).toBe(404);
    await world.advance(70_000);
    expect(bell.askedAt()).toEqual([15, 25, 35, 45, 55, 65]);
    expect(await bell.stateOf(taskId)).toBe("succeeded");
  });

  it("is found at PUBLIC_URL, by addresses of before and after", async () => {
    const before = new URL(bell.address());
    // The Worker of the test goes on to be called under its own name too.
    world.deploy({ PUBLIC_URL: "" });
    await world.redeploy({ PUBLIC_URL: "https://pinned.test" });
    await bell.submit("another fox");
    const after = new URL(bell.address());
    expect([before.origin, after.origin]).toEqual([ORIGIN, "https://pinned.test"]);
    world.deploy({ PUBLIC_URL: "https://pinned.test" });
    expect(await bell.ring(before.href)).toBe(421);
    expect(await bell.ring(new URL(before.pathname, after).href)).toBe(204);
    expect(await bell.ring(after.href)).toBe(204);
  });
});
