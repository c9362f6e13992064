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

/** Reads a JSON body of bounded size and depth. */
export async function readJsonBody(request: Request): Promise<Body> {
  const text = await readText(request);
  if (text === undefined) return refusal(413, -32600, `The request is larger than ${MAX_BODY_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refusal(400, -32700, "Parse error: the request body is not valid JSON");
  }
  if (isDeeperThan(MAX_DEPTH, json))
    return refusal(400, -32600, `The body is nested deeper than ${MAX_DEPTH} levels`);
  return { ok: true, json };
}

/** @returns undefined when the body is larger than is accepted; what is left of it is then not read. */
async function readText(request: Request): Promise<string | undefined> {
  const declared = request.headers.get("content-length");
  // HTTP itself ends a body at its Content-Length (RFC 9112, section 6.2), so a declared length can be believed.
  if (declared !== null) return Number(declared) > MAX_BODY_BYTES ? undefined : request.text();
  // A chunked body says nothing beforehand: its bytes are counted as they come.
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function isDeeperThan(depth: number, json: unknown): boolean {
  if (typeof json !== "object" || json === null) return false;
  return depth === 0 || Object.values(json).some((child) => isDeeperThan(depth - 1, child));
}
