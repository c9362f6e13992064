import type { Fault } from "./faults.ts";
import { changedRecords } from "./record-faults.ts";
import { connectionLost, errorResponse, jsonResponse } from "./wire.ts";

type Spoiler =
  | "latency"
  | "truncated"
  | "cut"
  | "stall"
  | "slow"
  | "records"
  | "oversized"
  | "wrong-content-type";
type SpoilingFault = Extract<Fault, { kind: Spoiler }>;
type ReplacingFault = Exclude<Fault, { kind: Spoiler }>;

const CHUNK_BYTES = 64 * 1024;
const GATEWAY_PAGE =
  "<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>";

/** Carries out a fault around the true answer, which is asked for only when the request takes effect. */
export async function misbehave(
  fault: Fault,
  signal: AbortSignal,
  traceId: string,
  answer: () => Promise<Response>,
): Promise<Response> {
  switch (fault.kind) {
    case "latency":
    case "truncated":
    case "cut":
    case "stall":
    case "slow":
    case "records":
    case "oversized":
    case "wrong-content-type":
      return spoil(fault, signal, await answer());
    default:
      if (fault.when === "after") await answer();
      return replace(fault, signal, traceId);
  }
}

async function replace(fault: ReplacingFault, signal: AbortSignal, traceId: string): Promise<Response> {
  switch (fault.kind) {
    case "status": {
      const headers: Record<string, string> =
        fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
      if (fault.shape === "detail") return jsonResponse({ detail: fault.message }, fault.status, headers);
      return errorResponse(fault, traceId, headers);
    }
    case "html":
      return new Response(GATEWAY_PAGE, { status: fault.status, headers: { "content-type": "text/html" } });
    case "body":
      return new Response(fault.text, {
        status: fault.status,
        headers: { "content-type": fault.contentType },
      });
    case "null":
      return jsonResponse(null);
    case "redirect":
      return new Response(null, { status: fault.status, headers: { location: fault.location } });
    case "drop":
      throw connectionLost();
    case "hang":
      return untilAborted(signal);
  }
}

async function spoil(fault: SpoilingFault, signal: AbortSignal, answer: Response): Promise<Response> {
  switch (fault.kind) {
    case "latency":
      await sleep(fault.latencyMs, signal);
      return answer;
    case "truncated":
      return like(answer, firstHalf(await answer.text()));
    case "cut":
      return like(
        answer,
        brokenBody(firstHalf(await answer.text()), async () => {
          throw connectionLost();
        }),
      );
    case "stall":
      return like(
        answer,
        brokenBody(firstHalf(await answer.text()), () => untilAborted(signal)),
      );
    case "slow":
      return like(answer, slowBody(await answer.text(), fault, signal));
    case "records":
      return like(answer, changedRecords(fault.change, await answer.text()));
    case "oversized":
      return like(answer, paddedBody(await answer.text(), fault.sizeBytes));
    case "wrong-content-type":
      return new Response(answer.body, {
        status: answer.status,
        headers: { "content-type": fault.contentType },
      });
  }
}

function like(answer: Response, body: string | ReadableStream<Uint8Array>): Response {
  const contentType = answer.headers.get("content-type") ?? "application/json";
  return new Response(body, { status: answer.status, headers: { "content-type": contentType } });
}

function firstHalf(text: string): string {
  return text.slice(0, Math.ceil(text.length / 2));
}

/** A body that starts well; `ending` then throws, or waits. */
function brokenBody(start: string, ending: () => Promise<never>): ReadableStream<Uint8Array> {
  let started = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (started) return ending();
      started = true;
      controller.enqueue(new TextEncoder().encode(start));
    },
  });
}

/** Leading blanks keep the JSON valid: only a reader that counts bytes refuses it. */
function paddedBody(text: string, sizeBytes: number): ReadableStream<Uint8Array> {
  let leftBytes = sizeBytes;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (leftBytes > 0) {
        const chunkBytes = Math.min(CHUNK_BYTES, leftBytes);
        leftBytes -= chunkBytes;
        controller.enqueue(new Uint8Array(chunkBytes).fill(0x20));
        return;
      }
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

/** A few bytes at a time: something always comes, but not in time. */
function slowBody(
  text: string,
  { chunkBytes, everyMs }: { readonly chunkBytes: number; readonly everyMs: number },
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(everyMs, signal);
      controller.enqueue(bytes.slice(sent, sent + chunkBytes));
      sent += chunkBytes;
      if (sent >= bytes.length) controller.close();
    },
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The only timer of the simulator: what is late is late by `setTimeout`, whatever clock the tasks go by. */
function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, durationMs);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}
