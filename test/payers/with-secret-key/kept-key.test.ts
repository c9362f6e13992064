import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seal } from "../../../src/agent/sealing.ts";
import { deriveKey } from "../../../src/config/derived-key.ts";
import { connectLegacy } from "../../clients.ts";
import type { World } from "../../world.ts";
import {
  accountOf,
  createPayer,
  createPayersWorld,
  keptIn,
  newKey,
  type Payer,
  questionsOf,
} from "../payer.ts";
import { everythingStored } from "../stored.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("the key of whoever pays, with SECRET_KEY", () => {
  let world: World;
  let key: string;
  let ada: Payer;
  beforeEach(async () => {
    key = newKey("ada");
    world = createPayersWorld({ accounts: [accountOf(key)] });
    ada = await createPayer(world, key, connectLegacy);
  });
  afterEach(() => world.end());

  const make = (prompt: string) => ada.client.callTool("veo_text_to_video", { prompt });
  const alarm = () => world.nextWorkMs();
  const listed = async () => (await ada.call("veo_list_tasks")).structuredContent;

  it("is kept, sealed anew each time, while a task is in flight, and the alarm goes on with it", async () => {
    expect(await keptIn(world)).toEqual([]);
    await ada.submit("first");
    const [first = ""] = await keptIn(world);
    expect(first).toMatch(/^[\w-]{40,}$/);
    expect(await everythingStored()).not.toContain(key);
    // Base64 is no secret.
    expect(await everythingStored()).not.toContain(btoa(key).slice(0, 16));
    for (let turn = 0; turn < 3; turn += 1) {
      await world.evict();
      await world.advance(12_000);
    }
    await world.crash();
    await world.advance(120_000);
    expect(await listed()).toMatchObject({ tasks: [{ state: "succeeded" }] });
    expect(questionsOf(world).length).toBeGreaterThan(3);
    expect(questionsOf(world).every(({ token }) => token === key)).toBe(true);
    expect([await keptIn(world), await alarm()]).toEqual([[], null]);
    await ada.submit("second");
    expect(await keptIn(world)).not.toEqual([first]);
    await world.evict();
    await world.advance(90_000);
    expect([await keptIn(world), await alarm()]).toEqual([[], null]);
    const asked = questionsOf(world).length;
    await world.advance(DAY_MS);
    expect(questionsOf(world)).toHaveLength(asked);
  });

  it.each([
    ["success", "a heron", "succeeded"],
    ["failure", "[fail] a heron", "failed"],
    ["an answer that comes at once", "[sync] a heron", "succeeded"],
    ["a refusal", "[reject] a heron", "failed"],
    ["an empty balance", "[used-up] a heron", "failed"],
    ["an answer that is lost, and found", "[lost-response] a heron", "succeeded"],
    ["an answer that makes no sense, when its task is found", "[no-task-id] a heron", "succeeded"],
  ])("is erased after %s", async (_what, prompt, state) => {
    await world.until(make(prompt));
    await world.advance(90_000);
    expect(await listed()).toMatchObject({ count: 1, tasks: [{ state }] });
    expect([await keptIn(world), await alarm()]).toEqual([[], null]);
  });

  it("is erased when the watch gives up after a day", async () => {
    await ada.submit("[never] a heron");
    await world.advance(HOUR_MS);
    expect(await keptIn(world)).toHaveLength(1);
    await world.inObject((_, { storage }) => {
      storage.sql.exec("UPDATE task SET created_at_ms = created_at_ms - ?", DAY_MS);
    });
    await world.advance(HOUR_MS);
    expect(await listed()).toMatchObject({ tasks: [{ state: "unknown" }] });
    expect([await keptIn(world), await alarm()]).toEqual([[], null]);
  });

  it("stays for the task that is left when another one ends", async () => {
    await ada.submit("short");
    await ada.submit("[slow] long");
    await world.advance(120_000);
    expect(await listed()).toMatchObject({ tasks: [{ state: "processing" }, { state: "succeeded" }] });
    expect(await keptIn(world)).toHaveLength(1);
    await world.evict();
    await world.advance(600_000);
    expect(await listed()).toMatchObject({ tasks: [{ state: "succeeded" }, {}] });
    expect(await keptIn(world)).toEqual([]);
  });

  it("is there before anything is paid, survives a crash in the middle of it, and goes when it is known never to have arrived", async () => {
    world.simulator.inject({ kind: "hang", match: "paid" });
    const cutOff = make("a heron").catch((error: unknown) => error);
    await world.settle();
    expect(world.paidCalls()).toBe(1);
    const before = await keptIn(world);
    expect(before).toHaveLength(1);
    await world.crash();
    expect(await cutOff).toBeInstanceOf(Error);
    expect(await keptIn(world)).toEqual(before);
    await world.advance(12 * 60_000);
    expect(await listed()).toMatchObject({ tasks: [{ state: "failed", error: { code: "never_arrived" } }] });
    expect([await keptIn(world), await alarm()]).toEqual([[], null]);
  });

  it("is not held any longer by a call that its client gave up", async () => {
    const task_id = await ada.submit();
    const leave = new AbortController();
    const held = ada.client.callTool("veo_get_task", { task_id, wait_seconds: 50 }, { signal: leave.signal });
    const given = expect(held).rejects.toThrow();
    await world.settle();
    leave.abort();
    await given;
    expect(await keptIn(world)).toHaveLength(1);
    await world.advance(90_000);
    expect(await keptIn(world)).toEqual([]);
    const asked = questionsOf(world).length;
    await world.advance(HOUR_MS);
    expect(questionsOf(world)).toHaveLength(asked);
  });

  it("is erased at the next start when the object died between the last task's end and the erasure", async () => {
    const taskId = await ada.submit();
    const [row = ""] = await keptIn(world);
    await world.advance(90_000);
    expect(await ada.stateOf(taskId)).toBe("succeeded");
    await world.inObject((_, { storage }) => {
      storage.sql.exec("REPLACE INTO credential (only_row, sealed) VALUES (1, ?)", row);
    });
    await world.evict();
    await ada.call("veo_list_models");
    expect(await keptIn(world)).toEqual([]);
  });

  describe("in the row", () => {
    const sealed = (secretKey: string, account: string, token: string): string =>
      seal(token, deriveKey(secretKey, "storedCredential"), account);
    const SECRET_KEY = "secret-key-of-the-tests-0123456789-0123456789";
    const own = () => accountOf(key);

    it.each<[string, boolean, () => string]>([
      [
        "sealed for this account with this SECRET_KEY",
        true,
        () => sealed(SECRET_KEY, own(), "stranger-0123456789"),
      ],
      [
        "sealed with another SECRET_KEY",
        false,
        () => sealed(`another-${SECRET_KEY}`, own(), "stranger-0123456789"),
      ],
      [
        "sealed for another account",
        false,
        () => sealed(SECRET_KEY, accountOf(newKey()), "stranger-0123456789"),
      ],
      [
        "changed in one letter",
        false,
        () => sealed(SECRET_KEY, own(), key).replace(/.(?==*$)/, (c) => (c === "A" ? "B" : "A")),
      ],
      ["cut off", false, () => sealed(SECRET_KEY, own(), key).slice(0, -8)],
      ["somebody's guess", false, () => btoa("x".repeat(40))],
      ["no base64", false, () => "!!!.???"],
      ["one word", false, () => "sealed"],
      ["empty", false, () => ""],
    ])("that is %s is used only if it opens (%s), and is erased otherwise", async (what, opens, rowOf) => {
      const taskId = await ada.submit();
      const row = rowOf();
      await world.inObject((_, { storage }) => {
        storage.sql.exec("REPLACE INTO credential (only_row, sealed) VALUES (1, ?)", row);
      });
      await world.evict();
      await world.advance(20_000);
      expect(await keptIn(world), what).toEqual(opens ? [row] : []);
      await world.advance(HOUR_MS);
      const tokens = new Set(questionsOf(world).map(({ token }) => token));
      expect(tokens).toEqual(new Set(opens ? ["stranger-0123456789"] : []));
      // No harm done: whoever comes with the key goes on.
      world.simulator.finish();
      await world.evict();
      if (!opens) expect(await ada.stateOf(taskId)).toBe("succeeded");
    });

    it("opens for no other account that it is copied to", async () => {
      const theirs = newKey("bob");
      world.join(accountOf(theirs));
      const bob = await createPayer(world, theirs);
      await ada.submit("[never] a heron");
      await bob.submit("[never] a stork");
      const [row = ""] = await keptIn(world, accountOf(key));
      await world.inObject((_, { storage }) => {
        storage.sql.exec("REPLACE INTO credential (only_row, sealed) VALUES (1, ?)", row);
      }, accountOf(theirs));
      await world.evict();
      const before = questionsOf(world).length;
      await world.advance(120_000);
      expect(await keptIn(world, accountOf(theirs))).toEqual([]);
      const asked = questionsOf(world).slice(before);
      expect(asked.length).toBeGreaterThan(5);
      expect(new Set(asked.map(({ token }) => token))).toEqual(new Set([key]));
      expect(new Set(asked.map(({ body }) => JSON.stringify(body?.ids))).size).toBe(1);
    });
  });
});
