import type { Caller } from "../agent/caller.ts";
import { unpackAnswer } from "../agent/exchange.ts";
import { ticketRequest } from "../agent/streams.ts";
import type { VeoAgent } from "../agent/veo-agent.ts";
import type { StreamVoice } from "../mcp/stream-voice.ts";
import { endedEventStream, holdEventStream } from "./event-stream.ts";

/**
 * Opens a stream for a client, and holds it here: the object's end is a socket that lets it leave memory.
 * @param exchange what `packExchange` made of the request for it.
 */
export async function serveStream(
  agent: DurableObjectStub<VeoAgent>,
  exchange: string,
  caller: Caller,
  voice: StreamVoice,
): Promise<Response> {
  const opened = await agent.openStream(exchange, caller);
  if (!opened.ok) return unpackAnswer(opened.answer);
  const opening = voice.opening(opened.acknowledged);
  if (opened.ticket === undefined) return endedEventStream([opening, voice.ending()]);
  const { webSocket } = await agent.fetch(ticketRequest(opened.ticket));
  // The object died between the two steps: the client opens the stream again.
  if (webSocket === null) return new Response(null, { status: 503, headers: { "retry-after": "1" } });
  return holdEventStream(webSocket, opening, voice);
}
