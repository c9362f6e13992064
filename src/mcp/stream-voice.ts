import { SERVER_INFO_META_KEY, SUBSCRIPTION_ID_META_KEY } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Deployment } from "../tools/define-tool.ts";
import { serverInfo } from "./server-info.ts";

/** What a server says without being asked, before a stream makes a message of it. */
export const serverNotificationSchema = z.object({
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
});
export type ServerNotification = z.infer<typeof serverNotificationSchema>;

/**
 * Between the two ends of a stream only, never to a client: there is more to tell than goes at once, and the end that
 * holds the client asks for it (`GO_ON`) when that is handed over.
 */
export const TO_BE_CONTINUED: ServerNotification = { method: "veo/to_be_continued", params: {} };
export const GO_ON = "go on";

/** How a stream puts things into messages: the generations of the protocol differ. */
export interface StreamVoice {
  /** What is said first, if anything. */
  opening(acknowledged: Record<string, string[]>): object | undefined;
  message(notification: ServerNotification): object;
  /** What is said last when the server ends the stream, if anything. */
  ending(): object | undefined;
}

/** The GET stream of a session (2025): messages, and nothing around them. */
export const sessionVoice: StreamVoice = {
  opening: () => undefined,
  message: (notification) => ({ jsonrpc: "2.0", ...notification }),
  ending: () => undefined,
};

/**
 * `subscriptions/listen` (2026-07-28): an acknowledgement first, the answer to the request last, and in every message
 * the id of the request, by which the client knows the subscription.
 */
export function listenVoice(id: string | number, deployment: Deployment): StreamVoice {
  const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
  const message = ({ method, params }: ServerNotification) => ({
    jsonrpc: "2.0",
    method,
    params: { ...params, _meta },
  });
  return {
    opening: (notifications) =>
      message({ method: "notifications/subscriptions/acknowledged", params: { notifications } }),
    message,
    ending: () => ({
      jsonrpc: "2.0",
      id,
      result: { resultType: "complete", _meta: { ..._meta, [SERVER_INFO_META_KEY]: serverInfo(deployment) } },
    }),
  };
}
