import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { holdEventStream, KEEP_ALIVE_MS, MAX_BUFFERED_BYTES } from "../../src/http/event-stream.ts";
import { GO_ON, type StreamVoice, sessionVoice, TO_BE_CONTINUED } from "../../src/mcp/stream-voice.ts";
import { MAX_STREAM_MS } from "../../src/mcp/subscription-store.ts";
import { readEvents } from "../mcp/event-reader.ts";

const ENDING = { jsonrpc: "2.0", id: 1, result: {} };
const voice: StreamVoice = { ...sessionVoice, ending: () => ENDING };
const news = (text: string) => ({ method: "notifications/test", params: { text } });
const message = (text: string) => ({ jsonrpc: "2.0", ...news(text) });

describe("a stream of server-sent events", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const keepAlive = () => vi.advanceTimersByTime(KEEP_ALIVE_MS);
  /** Whether the stream still has anything to do. */
  const isRunning = () => vi.getTimerCount() > 0;

  /** Holds a stream whose other end is the test, in place of the account's object. */
  function hold({ opening = undefined as object | undefined, onMessage = () => {} } = {}) {
    const { 0: held, 1: object } = new WebSocketPair();
    const heard: unknown[] = [];
    const answered = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    let isClosed = false;
    object.addEventListener("message", ({ data }) => {
      heard.push(data);
      answered.resolve();
    });
    object.addEventListener("close", () => {
      isClosed = true;
      closed.resolve();
    });
    object.accept();
    const response = holdEventStream(held, opening, {
      ...voice,
      message(notification) {
        onMessage();
        return voice.message(notification);
      },
    });
    return {
      response,
      object,
      heard,
      answered: answered.promise,
      closed: closed.promise,
      isClosed: () => isClosed,
      send: (...notifications: object[]) => {
        for (const notification of notifications) object.send(JSON.stringify(notification));
      },
    };
  }
  const bytesOf = async (response: Response) => (await response.arrayBuffer()).byteLength;
  /** A promise that settles when the stream has taken that many messages, whether or not they are read. */
  function countdown(count: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = count;
    return {
      taken: promise,
      onMessage() {
        left -= 1;
        if (left === 0) resolve();
      },
    };
  }

  it("says what it opens with first, then what it is told, and last what ends it", async () => {
    const { response, object, send } = hold({ opening: message("hello") });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    send(news("one\ntwo\u2028\r\n\r\nthree"), news("four"));
    object.close();
    const reader = await readEvents(response);
    expect(await reader.rest()).toEqual([
      message("hello"),
      message("one\ntwo\u2028\r\n\r\nthree"),
      message("four"),
      ENDING,
    ]);
    expect(isRunning()).toBe(false);
  });

  it("says something at once where nothing opens it, so that its headers get through", async () => {
    const { response, object } = hold();
    const reader = await readEvents(response);
    object.close(1000);
    expect(await reader.rest()).toEqual([ENDING]);
    expect(reader.comments()).toBe(1);
  });

  it.each([1001, 1011, 1012, 3000])(
    "breaks off without an ending when the object is lost (%i)",
    async (code) => {
      const { response, object, send } = hold();
      send(news("one"));
      object.close(code);
      expect(await (await readEvents(response)).rest()).toEqual([message("one")]);
    },
  );

  it("is kept alive every five seconds, and notices by that that nobody is there any more", async () => {
    const { response, closed, isClosed } = hold();
    const writes = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let written = 0;
    let isBroken = false;
    const piped = response.body?.pipeTo(
      new WritableStream({
        write() {
          if (isBroken) throw new Error("broken pipe");
          writes[written]?.resolve();
          written += 1;
        },
      }),
    );
    await writes[0]?.promise;
    vi.advanceTimersByTime(KEEP_ALIVE_MS - 1);
    expect(written).toBe(1);
    vi.advanceTimersByTime(1);
    await writes[1]?.promise;
    isBroken = true;
    expect([isRunning(), isClosed()]).toEqual([true, false]);
    keepAlive();
    await expect(piped).rejects.toThrow("broken pipe");
    await closed;
    expect(isRunning()).toBe(false);
  });

  it("buffers a bounded amount for who does not read, cuts them off between two messages, and lets them read it", async () => {
    const { response, send, closed } = hold();
    const text = "x".repeat(1000);
    send(...Array.from({ length: 1000 }, () => news(text)));
    await closed;
    expect(isRunning()).toBe(false);
    const reader = await readEvents(response.clone());
    const count = (await reader.rest()).length;
    expect(count).toBeGreaterThan(200);
    expect(count).toBeLessThan(300);
    const bytes = await bytesOf(response);
    expect(bytes).toBeLessThanOrEqual(MAX_BUFFERED_BYTES);
    expect(bytes).toBeGreaterThan(MAX_BUFFERED_BYTES - 2000);
  });

  it("is not cut off for one message that is larger than the buffer, as long as nothing else waits", async () => {
    const large = "x".repeat(MAX_BUFFERED_BYTES + 1);
    const { taken, onMessage } = countdown(1);
    const { response, send, isClosed, closed } = hold({ onMessage });
    const reader = await readEvents(response);
    const next = reader.next();
    send(news("small"));
    expect(await next).toEqual(message("small"));
    send(news(large));
    await taken;
    expect(isClosed()).toBe(false);
    expect(await reader.next()).toEqual(message(large));
    send(news(large), news("one more"));
    await closed;
    expect(await reader.rest()).toEqual([message(large)]);
  });

  it("breaks off within an hour, without a last word, so that whoever listens has to be let in again", async () => {
    const { response, closed } = hold();
    const read = response.text();
    vi.advanceTimersByTime(MAX_STREAM_MS * 0.89);
    expect(isRunning()).toBe(true);
    vi.advanceTimersByTime(MAX_STREAM_MS * 0.11);
    expect(isRunning()).toBe(false);
    expect(await read).not.toContain(JSON.stringify(ENDING));
    await closed;
  });

  it("counts keep-alives to what waits too", async () => {
    const { response, closed } = hold();
    for (let count = 0; count < MAX_BUFFERED_BYTES / 10; count += 1) keepAlive();
    await closed;
    expect(await bytesOf(response)).toBeLessThanOrEqual(MAX_BUFFERED_BYTES);
  });

  it("asks for the rest of what is told at first once all before it is read, and once for each time", async () => {
    const { taken, onMessage } = countdown(2);
    const { response, send, heard, answered, object } = hold({ onMessage });
    send(news("one"), TO_BE_CONTINUED, news("two"));
    await taken;
    expect(heard).toEqual([]);
    const reader = await readEvents(response);
    expect(await reader.next()).toEqual(message("one"));
    expect(await reader.next()).toEqual(message("two"));
    const third = reader.next();
    await answered;
    expect(heard).toEqual([GO_ON]);
    // Who waits for more already is asked for at once.
    send(TO_BE_CONTINUED, news("three"), news("four"));
    expect(await third).toEqual(message("three"));
    expect(await reader.next()).toEqual(message("four"));
    object.close();
    expect(await reader.rest()).toEqual([ENDING]);
    expect(heard).toEqual([GO_ON, GO_ON]);
  });

  it("takes whatever comes after the client left, and a client that leaves twice", async () => {
    const { response, send, object, closed, heard } = hold();
    const reader = response.body?.getReader();
    await reader?.read();
    const left = reader?.cancel();
    send(news("late"), TO_BE_CONTINUED);
    await Promise.all([left, closed]);
    await reader?.cancel();
    object.close();
    keepAlive();
    expect(isRunning()).toBe(false);
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
    expect(heard).toEqual([]);
  });
});
