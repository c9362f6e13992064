/** Longer than any key, or any token of ours, may be: nothing of it is hashed or looked up. */
const MAX_CHARS = 1024;

/**
 * What a request brings to `/mcp`. A key has no colon in it (RFC 6750's b64token has none), and a token that our
 * authorization server issued has two: each goes to the one place that can say whether it is good.
 */
export type Bearer =
  | { kind: "none" }
  | { kind: "key"; key: string }
  | { kind: "token" }
  | { kind: "unusable" };

export function readBearer(request: Request): Bearer {
  const header = request.headers.get("authorization");
  if (header === null) return { kind: "none" };
  if (header.length > MAX_CHARS) return { kind: "unusable" };
  const [, credential = ""] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  if (/^[\w.~+/=-]+$/.test(credential)) return { kind: "key", key: credential };
  return credential.includes(":") ? { kind: "token" } : { kind: "unusable" };
}
