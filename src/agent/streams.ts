import { LifecycleCapability } from "agents/lifecycle";
import { z } from "zod";
import { errorName, type Log } from "../log.ts";
import type { StreamOpening } from "../mcp/lane.ts";
import { GO_ON, type ServerNotification, TO_BE_CONTINUED } from "../mcp/stream-voice.ts";
import { isStreamHolder, MAX_STREAMS } from "../mcp/subscription-store.ts";

/** A ticket is used at once, by the Worker that asked for it; one that is not used keeps no place for long. */
export const TICKET_MS = 10_000;
/** The tag of every socket of ours. */
const STREAM_TAG = "stream";
const PATH = /^\/streams\/([\w-]+)$/;

/** @returns the request that uses a ticket: made from nothing, so that nothing of a client's reaches the object. */
export const ticketRequest = (ticket: string): Request =>
  new Request(`https://account.invalid/streams/${ticket}`, { headers: { upgrade: "websocket" } });

/**
 * What is sent into a `subscriptions/listen` stream before its reader has to ask for more, in characters: as much as
 * fits the Worker's buffer (`event-stream.ts`) in any script, so that no such stream is cut off for what it is sent. A
 * finished task is 4,000 of them, or 25,000 with the longest prompt, since it is in there as data and as text.
 */
const MAX_UNASKED_CHARS = 64 * 1024;

/** In the socket, where it outlasts the object's time in memory. */
const attachmentSchema = z.object({
  holder: z.string(),
  /** Epoch milliseconds; later than for any stream that the holder had open. */
  openedAtMs: z.number(),
  /** What was sent since the reader last asked for more. */
  unaskedChars: z.number(),
  /** Whether it was told to ask, and has yet to. */
  isBehind: z.boolean(),
});
type Attachment = z.infer<typeof attachmentSchema>;

/** What the account does when a stream opens or closes. */
export interface StreamEvents {
  opened(opening: StreamOpening): void;
  /** A stream hears for a holder again: it has room, or all that were newer are closed. */
  wentOn(holder: string): void;
  /** The stream that heard for a holder was closed, or gave way to a newer one. */
  closed(holder: string): void;
}

/**
 * The object's end of the streams that the Worker holds open for clients: hibernatable sockets, so that the object
 * is out of memory, and not billed, while nothing happens. Sockets cannot cross RPC, so they come by `fetch`, each
 * with a ticket that was given out by RPC, and counts once.
 */
export class Streams extends LifecycleCapability {
  readonly #events: () => StreamEvents | undefined;
  readonly #log: () => Log;
  /** In memory: the object stays there for the moment between the two steps. */
  readonly #tickets = new Map<string, { opening: StreamOpening; untilMs: number }>();

  constructor(events: () => StreamEvents | undefined, log: () => Log) {
    super("veo-streams");
    this.#events = events;
    this.#log = log;
  }

  /** @returns a ticket for a stream, or undefined when the account has as many as it may have. */
  admit(opening: StreamOpening): string | undefined {
    const nowMs = Date.now();
    for (const [ticket, { untilMs }] of this.#tickets) if (untilMs <= nowMs) this.#tickets.delete(ticket);
    if (this.#open(STREAM_TAG).length + this.#tickets.size >= MAX_STREAMS) return undefined;
    const ticket = crypto.randomUUID();
    this.#tickets.set(ticket, { opening, untilMs: nowMs + TICKET_MS });
    return ticket;
  }

  onWebSocketUpgrade({ request }: { request: Request }): Response {
    const ticket = PATH.exec(new URL(request.url).pathname)?.[1] ?? "";
    const admitted = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    const events = this.#events();
    if (admitted === undefined || admitted.untilMs <= Date.now() || events === undefined)
      return new Response(null, { status: 404 });
    const { opening } = admitted;
    const { holder } = opening;
    const older = this.#latest(holder);
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.lifecycle.sockets.accept(ours, [STREAM_TAG, holder]);
    const openedAtMs = Math.max(Date.now(), older === undefined ? 0 : attachmentOf(older).openedAtMs + 1);
    attach(ours, { holder, openedAtMs, unaskedChars: 0, isBehind: false });
    try {
      if (older !== undefined) events.closed(holder);
      events.opened(opening);
    } catch (error) {
      // The lifecycle would hand the error out, stack and all, on a socket of its own.
      this.#log()("error", "stream_not_opened", { error: errorName(error) });
      ours.close();
      return new Response(null, { status: 500 });
    }
    return new Response(null, { status: 101, webSocket: theirs });
  }

  onWebSocketMessage(socket: WebSocket, message: string | ArrayBuffer): boolean {
    if (message !== GO_ON) return true;
    const attachment = attachmentOf(socket);
    attach(socket, { ...attachment, unaskedChars: 0, isBehind: false });
    this.#events()?.wentOn(attachment.holder);
    return true;
  }

  onWebSocketClose(socket: WebSocket): boolean {
    // Both ends have to close it (Durable Objects, "WebSocket hibernation").
    socket.close();
    const { holder, openedAtMs } = attachmentOf(socket);
    const left = this.#latest(holder);
    const wasHeard = left === undefined || attachmentOf(left).openedAtMs < openedAtMs;
    if (wasHeard) this.#events()?.closed(holder);
    if (wasHeard && left !== undefined) this.#events()?.wentOn(holder);
    return true;
  }

  onWebSocketError(socket: WebSocket): boolean {
    return this.onWebSocketClose(socket);
  }

  /**
   * Sends to a holder: to its latest stream only, since every message goes to one (2025-11-25, "Multiple Connections").
   * A client that opens another stream before the old one is seen to be dead is not refused: SDK v1 tries twice within
   * three seconds, and then never again.
   * @returns false where the reader is behind; it says when it goes on (`wentOn`).
   */
  send(holder: string, notification: ServerNotification): boolean {
    const latest = this.#latest(holder);
    if (latest === undefined) return true;
    const text = JSON.stringify(notification);
    if (!isStreamHolder(holder)) {
      // Too short to be asked for one by one; a reader of these that is too far behind is cut off.
      latest.send(text);
      return true;
    }
    const attachment = attachmentOf(latest);
    const unaskedChars = attachment.unaskedChars + text.length;
    if (attachment.isBehind || (attachment.unaskedChars > 0 && unaskedChars > MAX_UNASKED_CHARS)) {
      if (!attachment.isBehind) latest.send(JSON.stringify(TO_BE_CONTINUED));
      attach(latest, { ...attachment, isBehind: true });
      return false;
    }
    latest.send(text);
    attach(latest, { ...attachment, unaskedChars });
    return true;
  }

  /** Ends the streams of a holder, and those that it is about to open. */
  end(holder: string): void {
    for (const [ticket, { opening }] of this.#tickets)
      if (opening.holder === holder) this.#tickets.delete(ticket);
    for (const socket of this.#open(holder)) socket.close();
  }

  isOpen = (holder: string): boolean => this.#open(holder).length > 0;

  #latest = (holder: string): WebSocket | undefined =>
    this.#open(holder).sort((a, b) => attachmentOf(b).openedAtMs - attachmentOf(a).openedAtMs)[0];

  #open = (tag: string): WebSocket[] =>
    this.lifecycle.sockets.get(tag).filter(({ readyState }) => readyState === WebSocket.OPEN);
}

const attach = (socket: WebSocket, attachment: Attachment): void => socket.serializeAttachment(attachment);
const attachmentOf = (socket: WebSocket): Attachment =>
  attachmentSchema.parse(socket.deserializeAttachment());
