import type { Caller } from "../agent/caller.ts";

/** `personal`: one account, whose owner holds the access key and the upstream's token. */
const OWNER: Caller = { account: "owner", ownsToken: true };
/** Longer than any key may be: nothing of it is hashed. */
const MAX_HEADER_CHARS = 1024;

/** @returns who the bearer of a request's key is, or undefined when there is none or it is wrong. */
export async function authenticate(request: Request, accessKey: string): Promise<Caller | undefined> {
  const header = request.headers.get("authorization") ?? "";
  if (header.length > MAX_HEADER_CHARS) return undefined;
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(header) ?? [];
  return token !== undefined && (await isSame(token, accessKey)) ? OWNER : undefined;
}

/** Both sides are hashed first, since a timing-safe comparison wants equal lengths, and the length is a hint too. */
async function isSame(given: string, expected: string): Promise<boolean> {
  if (latestKey?.key !== expected) latestKey = { key: expected, digest: await sha256(expected) };
  return crypto.subtle.timingSafeEqual(await sha256(given), latestKey.digest);
}

/** The deployment's own key is hashed once, not for every request. */
let latestKey: { key: string; digest: ArrayBuffer } | undefined;

const sha256 = (text: string): Promise<ArrayBuffer> =>
  crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
