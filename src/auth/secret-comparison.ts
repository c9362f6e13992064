import { timingSafeEqual } from "node:crypto";
import { sha256 } from "./digest.ts";

/**
 * Compares a secret of the deployment with what somebody sent, in constant time. Both sides are hashed first, since
 * a timing-safe comparison wants equal lengths, and the length is a hint too.
 */
export function isSameSecret(given: string, expected: string): boolean {
  // The deployment's own key is hashed once, not for every request.
  if (own?.secret !== expected) own = { secret: expected, digest: sha256(expected) };
  return timingSafeEqual(sha256(given), own.digest);
}
let own: { secret: string; digest: Uint8Array } | undefined;
