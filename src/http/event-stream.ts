import { GO_ON, type StreamVoice, serverNotificationSchema, TO_BE_CONTINUED } from "../mcp/stream-voice.ts";
import { MAX_STREAM_MS } from "../mcp/subscription-store.ts";

/** A client that is gone is noticed only when a write fails (protocol-notes.md, "Streams"). */
export const KEEP_ALIVE_MS = 5000;
/**
 * What may wait for a client that reads slowly: whatever is sent without being asked for (`agent/streams.ts`), or two
 * thousand changed resources. One that is further behind is cut off, and learns the rest anew.
 */
export const MAX_BUFFERED_BYTES = 256 * 1024;

/** Not all at once after a deploy. */
const STREAM_JITTER = 0.1;

/** A close of the other end's own (RFC 6455, section 7.4.1), with and without a code. */
const DELIBERATE: ReadonlySet<number> = new Set([1000, 1005]);

const encoder = new TextEncoder();
const KEEP_ALIVE = ": keep-alive\n\n";
const frame = (message: object) => `event: message\ndata: ${JSON.stringify(message)}\n\n`;
const EVENT_STREAM = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  // Proxies that buffer would hold the news back.
  "x-accel-buffering": "no",
};

/**
 * Server-sent events to one client, from a socket whose other end is in the account's object. Every stream has a
 * socket and a buffer of its own, so that a slow or dead reader holds up nobody else.
 * @param opening what is said first, if anything.
 */
export function holdEventStream(
  socket: WebSocket,
  opening: object | undefined,
  voice: StreamVoice,
): Response {
  let isOver = false;
  let isToBeContinued = false;
  let keepAlive: ReturnType<typeof setInterval>;
  const leave = () => {
    isOver = true;
    clearInterval(keepAlive);
    socket.close();
  };
  /** Asks for what there is beyond that, once the client has taken what came before. */
  const goOn = ({ desiredSize }: ReadableStreamDefaultController<Uint8Array>) => {
    if (isOver || !isToBeContinued || desiredSize !== MAX_BUFFERED_BYTES) return;
    isToBeContinued = false;
    socket.send(GO_ON);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      // Synchronous: workerd calls pull() before an async start() resolves.
      start(controller) {
        const end = (last: object | undefined) => {
          if (isOver) return;
          if (last !== undefined) controller.enqueue(encoder.encode(frame(last)));
          controller.close();
          leave();
        };
        const write = (text: string) => {
          if (isOver) return;
          const bytes = encoder.encode(text);
          const room = controller.desiredSize ?? 0;
          // However large it is: to a client that keeps up there is always room for one more.
          if (room >= bytes.byteLength || room === MAX_BUFFERED_BYTES) controller.enqueue(bytes);
          else end(undefined);
        };
        write(opening === undefined ? KEEP_ALIVE : frame(opening));
        socket.addEventListener("message", ({ data }) => {
          const notification = serverNotificationSchema.parse(JSON.parse(String(data)));
          if (notification.method !== TO_BE_CONTINUED.method)
            return write(frame(voice.message(notification)));
          isToBeContinued = true;
          goOn(controller);
        });
        // The object closes its streams when the session is over. When it is lost itself, in a deploy, nothing is said
        // last: clients take the answer to their request for the end of what they wanted to hear.
        socket.addEventListener("close", ({ code }) =>
          end(DELIBERATE.has(code) ? voice.ending() : undefined),
        );
        socket.addEventListener("error", () => end(undefined));
        socket.accept();
        let leftMs = MAX_STREAM_MS * (1 - STREAM_JITTER * Math.random());
        keepAlive = setInterval(() => {
          leftMs -= KEEP_ALIVE_MS;
          // Without a last word: clients take an answer to their request for the end of what they wanted to hear.
          if (leftMs <= 0) end(undefined);
          else write(KEEP_ALIVE);
        }, KEEP_ALIVE_MS);
      },
      pull: goOn,
      cancel: leave,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_BUFFERED_BYTES }),
  );
  return new Response(body, { headers: EVENT_STREAM });
}

/** A stream that is over with its first messages. */
export function endedEventStream(messages: readonly (object | undefined)[]): Response {
  const frames = messages.map((message) => (message === undefined ? "" : frame(message)));
  return new Response(frames.join(""), { headers: EVENT_STREAM });
}
