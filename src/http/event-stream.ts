import { type StreamVoice, serverNotificationSchema } from "../mcp/stream-voice.ts";

/** A client that is gone is noticed only when a write fails (protocol-notes.md, "Streams"). */
const KEEP_ALIVE_MS = 5000;
/** What may wait for a client that reads slowly. One that is further behind is cut off, and learns the rest anew. */
const MAX_BUFFERED_BYTES = 256 * 1024;

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
  let keepAlive: ReturnType<typeof setInterval>;
  const leave = () => {
    isOver = true;
    clearInterval(keepAlive);
    socket.close();
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
          if ((controller.desiredSize ?? 0) < bytes.byteLength) end(undefined);
          else controller.enqueue(bytes);
        };
        write(opening === undefined ? KEEP_ALIVE : frame(opening));
        socket.addEventListener("message", ({ data }) => {
          const notification = serverNotificationSchema.parse(JSON.parse(String(data)));
          write(frame(voice.message(notification)));
        });
        // The object ends its streams when the session is over, and loses them in a deploy.
        socket.addEventListener("close", () => end(voice.ending()));
        socket.addEventListener("error", () => end(undefined));
        socket.accept();
        keepAlive = setInterval(() => write(KEEP_ALIVE), KEEP_ALIVE_MS);
      },
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
