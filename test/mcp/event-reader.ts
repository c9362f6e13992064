import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { z } from "zod";
import type { World } from "../world.ts";
import { openSession, type RawRequest, type RawSession, sendModern } from "./raw-request.ts";

/** Reads server-sent events one by one, for streams that stay open while a test goes on. */

const messageSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().optional(),
  params: z.looseObject({}).optional(),
  result: z.looseObject({}).optional(),
});
export type StreamMessage = z.infer<typeof messageSchema>;

export interface EventReader {
  /** @returns the next message, once it is there; fails when the stream is over. */
  next(): Promise<StreamMessage>;
  /** @returns all that is left, once the server has ended the stream. */
  rest(): Promise<StreamMessage[]>;
  /** How many comments have been read, which keep the connection alive. */
  comments(): number;
  /** Leaves, as a client does that closes its connection. */
  leave(): Promise<void>;
}

/** @throws when the answer is no stream: what it says instead. */
export async function readEvents(answer: Response | Promise<Response>): Promise<EventReader> {
  const response = await answer;
  if (!response.headers.get("content-type")?.startsWith("text/event-stream") || response.body === null)
    throw new Error(`not a stream: ${response.status} ${await response.text()}`);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const messages: StreamMessage[] = [];
  let text = "";
  let comments = 0;
  /** @returns whether there was more to read. */
  const read = async (): Promise<boolean> => {
    const { value, done } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      if (lines.every((line) => line.startsWith(":"))) comments += 1;
      else if (lines[0] === "event: message" && lines[1]?.startsWith("data: ") && lines.length === 2)
        messages.push(messageSchema.parse(JSON.parse(lines[1].slice("data: ".length))));
      else throw new Error(`not an event of ours: ${block}`);
    }
    if (done && text !== "") throw new Error(`cut off in the middle: ${text.slice(-80)}`);
    return !done;
  };
  return {
    async next() {
      for (;;) {
        const message = messages.shift();
        if (message !== undefined) return message;
        if (!(await read())) throw new Error("the stream is over");
      }
    },
    async rest() {
      while (await read());
      return messages.splice(0);
    },
    comments: () => comments,
    leave: () => reader.cancel(),
  };
}

export interface ListenOptions extends Omit<RawRequest, "method" | "params"> {
  /** What to hear of. */
  notifications: unknown;
}

/** Asks for a `subscriptions/listen` stream (2026-07-28). */
export const askToListen = (world: World, { notifications, ...request }: ListenOptions): Promise<Response> =>
  sendModern(world, { ...request, method: "subscriptions/listen", params: { notifications } });

/** Opens one, and reads its first message. */
export async function listen(
  world: World,
  options: ListenOptions,
): Promise<EventReader & { acknowledged: StreamMessage }> {
  const reader = await readEvents(askToListen(world, options));
  return { ...reader, acknowledged: await reader.next() };
}

/** A session of the 2025 generation whose stream a test opens itself; SDK clients do so, and again, by themselves. */
export interface StreamingSession extends RawSession {
  subscribe(...uris: string[]): Promise<void>;
  /** Opens its stream. */
  open(): Promise<EventReader>;
}

export async function openStreamingSession(world: World, bearer?: string): Promise<StreamingSession> {
  const session = await openSession(world, undefined, bearer);
  return {
    ...session,
    async subscribe(...uris) {
      for (const uri of uris) {
        const { result, error } = await session.ask("resources/subscribe", { uri });
        if (result === undefined) throw new Error(`not subscribed: ${JSON.stringify(error)}`);
      }
    },
    open: () => readEvents(session.get()),
  };
}

/** Expects that an account's object is not in memory: whatever was asked, the Worker answered alone. */
export const expectAsleep = (account = "owner"): Promise<void> =>
  expect(evictDurableObject(env.VEO_AGENT.getByName(account))).rejects.toThrow("not currently running");

/** @returns how many streams an account's object holds. */
export const openStreams = (world: World, account?: string): Promise<number> =>
  world.inObject(
    (_, state) => state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN).length,
    account,
  );

/** Lets whatever has begun come to its end, until an account's object holds so many streams. */
export async function expectStreams(world: World, count: number, account?: string): Promise<void> {
  for (let turn = 0; turn < 100 && (await openStreams(world, account)) !== count; turn += 1)
    await world.settle();
  expect(await openStreams(world, account)).toBe(count);
}

/** Waits until a condition is met that needs no time to pass: messages have yet to be delivered. */
export async function expectSoon(world: World, isMet: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !isMet(); turn += 1) await world.settle();
  expect(isMet()).toBe(true);
}
