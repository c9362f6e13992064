/** Longer than any key may be. */
const MAX_HEADER_CHARS = 1024;

/**
 * @returns the key in a request's header, if there is one. A key has no colon in it (RFC 6750's b64token has none),
 * and a token that our authorization server issued has two: whatever else a header says is for that server.
 */
export function keyIn(request: Request): string | undefined {
  const header = request.headers.get("authorization") ?? "";
  return header.length > MAX_HEADER_CHARS ? undefined : /^Bearer +([\w.~+/=-]+)$/i.exec(header)?.[1];
}
