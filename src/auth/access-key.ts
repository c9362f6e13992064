import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller } from "../agent/caller.ts";

/** `personal`: one account, whose owner holds the access key and the upstream's token. */
const OWNER: Caller = { account: "owner", ownsToken: true };
/** Longer than any key may be: nothing of it is hashed. */
const MAX_HEADER_CHARS = 1024;

/** @returns who the bearer of a request's key is, or undefined when there is none or it is wrong. */
export function authenticate(request: Request, accessKey: string): Caller | undefined {
  const header = request.headers.get("authorization") ?? "";
  if (header.length > MAX_HEADER_CHARS) return undefined;
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(header) ?? [];
  return token !== undefined && isSame(token, accessKey) ? OWNER : undefined;
}

/** Both sides are hashed first, since a timing-safe comparison wants equal lengths, and the length is a hint too. */
function isSame(given: string, expected: string): boolean {
  // The deployment's own key is hashed once, not for every request.
  if (own?.key !== expected) own = { key: expected, digest: sha256(expected) };
  return timingSafeEqual(sha256(given), own.digest);
}
let own: { key: string; digest: Uint8Array } | undefined;

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();
