import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { postJson, readErrorBody } from "../../src/veo/upstream-http.ts";

const MEGABYTE = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** An upstream that sends blanks for ever, and what was taken of them. */
function serveBlanks(pace: () => Promise<void> = async () => undefined) {
  const taken = { bytes: 0, isCancelled: false };
  vi.stubGlobal("fetch", async (_url: URL, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream<Uint8Array>(
      {
        start(controller) {
          signal.addEventListener("abort", () => controller.error(signal.reason));
        },
        async pull(controller) {
          await pace();
          taken.bytes += CHUNK_BYTES;
          controller.enqueue(new Uint8Array(CHUNK_BYTES).fill(0x20));
        },
        cancel() {
          taken.isCancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body);
  });
  return taken;
}
const post = () =>
  postJson(
    new URL("https://upstream.test/"),
    { body: {}, token: "t", timeoutMs: 10_000, hidden: [] },
    () => undefined,
  );

it("stops reading an answer at four megabytes, however long it is", async () => {
  const taken = serveBlanks();
  expect(await post()).toEqual({ ok: false, failure: { kind: "unreadable", status: 200, why: "too_large" } });
  expect(taken).toEqual({ bytes: 4 * MEGABYTE + CHUNK_BYTES, isCancelled: true });
  expect(vi.getTimerCount()).toBe(0);
});

it("stops reading an answer at its deadline, however much of it has come", async () => {
  const taken = serveBlanks(() => new Promise((resolve) => setTimeout(resolve, 1000)));
  const answer = post();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await answer).toEqual({ ok: false, failure: { kind: "timeout", seconds: 10 } });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(taken.bytes).toBeLessThanOrEqual(10 * CHUNK_BYTES);
});

describe("an error body", () => {
  const sealed = "A".repeat(120);
  it.each([
    ["as it was given", `Cannot ring https://veo.test/callbacks/${sealed}.`, "Cannot ring [address]."],
    ["without its host", `No /callbacks/${sealed}`, "No [address]"],
    ["with slashes that are escaped", `No https:\\/\\/veo.test\\/callbacks\\/${sealed}`, "No [address]"],
    ["as part of another address", `No https://x.test/?to=%2Fcallbacks%2F${sealed}`, "No [address]"],
  ])("leaves out an address of ours, quoted %s", (_how, message, said) => {
    expect(readErrorBody({ error: { code: message, message } })).toMatchObject({ message: said });
    expect(
      JSON.stringify(readErrorBody({ error: { code: message, message }, detail: message })),
    ).not.toContain("AAAA");
  });
});
