import { AsyncLocalStorage } from "node:async_hooks";
import type { Log, Refusal } from "../log.ts";

/**
 * What becomes known of a request while it is served. The OAuth library stands between the door, which sees how a
 * request ends, and whoever knows whose it is, or why it is refused.
 */
interface ServedRequest {
  /** Made only where a line is written: to derive a key takes longer than to answer from the ledger. */
  account?: () => string;
  refusal?: Refusal;
  /** Another line says it all. */
  isTold?: boolean;
}
const served = new AsyncLocalStorage<ServedRequest>();

/** Notes whose request it is. @param account makes the name that the log has for them. */
export function noteAccount(account: () => string): void {
  const request = served.getStore();
  if (request !== undefined) request.account = account;
}

/** Notes why the request is refused. */
export function noteRefusal(refusal: Refusal): void {
  const request = served.getStore();
  if (request !== undefined) request.refusal = refusal;
}

/** @returns a log whose lines stand for that of the refusal, if there is one: a request is told of once. */
export const insteadOfRefusal =
  (log: Log): Log =>
  (level, event, fields) => {
    const request = served.getStore();
    // A question whether a key is good says nothing of how the request ended.
    if (request !== undefined && event !== "upstream_request") request.isTold = true;
    log(level, event, { account: request?.account?.(), ...fields });
  };

/** Serves a request, and logs it when it is refused. */
export const loggingRefusals = (
  path: string,
  log: Log,
  serve: () => Promise<Response>,
): Promise<Response> => {
  const request: ServedRequest = {};
  return served.run(request, async () => {
    const startedAtMs = Date.now();
    const response = await serve();
    const { account, refusal, isTold = false } = request;
    if (isTold || (response.status < 400 && refusal === undefined)) return response;
    // Whoever looks for holes asks for hundreds of paths, which says nothing of ours.
    log(path === OTHER_PATH ? "debug" : "info", "refused", {
      account: account?.(),
      path,
      status: response.status,
      ...refusal,
      duration_ms: Date.now() - startedAtMs,
    });
    return response;
  });
};

/** How a path is named that is not ours: it may hold anything. */
export const OTHER_PATH = "other";
