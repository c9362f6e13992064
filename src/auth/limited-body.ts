/**
 * Reads a body whose length nobody vouches for: a chunked one has no Content-Length.
 * @returns undefined when there is more than `maxBytes`; the rest is then not read.
 */
export async function readLimitedBody(
  { headers, body: stream }: Pick<Request | Response, "headers" | "body">,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(headers.get("content-length") ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

/** @returns the body as text, under the same terms. */
export async function readLimitedText(
  message: Pick<Request | Response, "headers" | "body">,
  maxBytes: number,
): Promise<string | undefined> {
  const body = await readLimitedBody(message, maxBytes);
  return body && new TextDecoder().decode(body);
}
