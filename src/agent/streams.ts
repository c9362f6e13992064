import { LifecycleCapability } from "agents/lifecycle";
import { z } from "zod";
import type { StreamOpening } from "../mcp/lane.ts";
import type { ServerNotification } from "../mcp/stream-voice.ts";
import { MAX_STREAMS } from "../mcp/subscription-store.ts";

/** A ticket is used at once, by the Worker that asked for it; one that is not used keeps no place for long. */
const TICKET_MS = 10_000;
/** The tag of every socket of ours. */
const STREAM_TAG = "stream";
const PATH = /^\/streams\/([\w-]+)$/;

/** @returns the request that uses a ticket: made from nothing, so that nothing of a client's reaches the object. */
export const ticketRequest = (ticket: string): Request =>
  new Request(`https://account.invalid/streams/${ticket}`, { headers: { upgrade: "websocket" } });

const attachmentSchema = z.object({ holder: z.string(), openedAtMs: z.number() });

/** What the account does when a stream opens or closes. */
export interface StreamEvents {
  opened(opening: StreamOpening): void;
  /** The last stream of a holder was closed. */
  closed(holder: string): void;
}

/**
 * The object's end of the streams that the Worker holds open for clients: hibernatable sockets, so that the object
 * is out of memory, and not billed, while nothing happens. Sockets cannot cross RPC, so they come by `fetch`, each
 * with a ticket that was given out by RPC, and counts once.
 */
export class Streams extends LifecycleCapability {
  readonly #events: () => StreamEvents | undefined;
  /** In memory: the object stays there for the moment between the two steps. */
  readonly #tickets = new Map<string, { opening: StreamOpening; untilMs: number }>();

  constructor(events: () => StreamEvents | undefined) {
    super("veo-streams");
    this.#events = events;
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
    if (admitted === undefined || events === undefined) return new Response(null, { status: 404 });
    const { opening } = admitted;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.lifecycle.sockets.accept(ours, [STREAM_TAG, opening.holder]);
    const attachment: z.infer<typeof attachmentSchema> = { holder: opening.holder, openedAtMs: Date.now() };
    ours.serializeAttachment(attachment);
    events.opened(opening);
    return new Response(null, { status: 101, webSocket: theirs });
  }

  onWebSocketClose(socket: WebSocket): boolean {
    // Both ends have to close it (Durable Objects, "WebSocket hibernation").
    socket.close();
    const { holder } = attachmentOf(socket);
    if (!this.isOpen(holder)) this.#events()?.closed(holder);
    return true;
  }

  onWebSocketError(socket: WebSocket): boolean {
    return this.onWebSocketClose(socket);
  }

  /** Sends to a holder: to its latest stream only, since every message goes to one (2025-11-25, "Multiple Connections"). */
  send(holder: string, notification: ServerNotification): void {
    const [latest] = this.#open(holder).sort(
      (a, b) => attachmentOf(b).openedAtMs - attachmentOf(a).openedAtMs,
    );
    latest?.send(JSON.stringify(notification));
  }

  /** Ends the streams of a holder. */
  end(holder: string): void {
    for (const socket of this.#open(holder)) socket.close();
  }

  isOpen = (holder: string): boolean => this.#open(holder).length > 0;

  #open = (tag: string): WebSocket[] =>
    this.lifecycle.sockets.get(tag).filter(({ readyState }) => readyState === WebSocket.OPEN);
}

const attachmentOf = (socket: WebSocket) => attachmentSchema.parse(socket.deserializeAttachment());
