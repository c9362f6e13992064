/** Room for a prompt, three links and a mask of 900,000 characters. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Nothing of the protocol is nested deeper; copying it to the object recurses, and would fail on thousands. */
const MAX_DEPTH = 64;

export type Body =
  | { ok: true; json: unknown }
  | { ok: false; status: 400 | 413; code: number; message: string };

const refusal = (status: 400 | 413, code: number, message: string): Body => ({
  ok: false,
  status,
  code,
  message,
});

/** Reads a JSON body, counting its bytes as they come: a chunked body has no Content-Length to believe. */
export async function readJsonBody(request: Request): Promise<Body> {
  const tooLarge = refusal(413, -32600, `The request is larger than ${MAX_BODY_BYTES} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return tooLarge;
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return tooLarge;
    text += decoder.decode(chunk, { stream: true });
  }
  let json: unknown;
  try {
    json = JSON.parse(text + decoder.decode());
  } catch {
    return refusal(400, -32700, "Parse error: the request body is not valid JSON");
  }
  if (isDeeperThan(MAX_DEPTH, json))
    return refusal(400, -32600, `The body is nested deeper than ${MAX_DEPTH} levels`);
  return { ok: true, json };
}

function isDeeperThan(depth: number, json: unknown): boolean {
  if (typeof json !== "object" || json === null) return false;
  return depth === 0 || Object.values(json).some((child) => isDeeperThan(depth - 1, child));
}
