/** Room for a prompt, three links and a mask of 900,000 characters. */
export const MAX_BODY_BYTES = 1024 * 1024;

export type Body =
  | { ok: true; json: unknown }
  | { ok: false; status: 400 | 413; code: number; message: string };

/** Reads a JSON body, counting its bytes as they come: a chunked body has no Content-Length to believe. */
export async function readJsonBody(request: Request): Promise<Body> {
  const tooLarge: Body = {
    ok: false,
    status: 413,
    code: -32600,
    message: `The request is larger than ${MAX_BODY_BYTES} bytes`,
  };
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return tooLarge;
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return tooLarge;
    text += decoder.decode(chunk, { stream: true });
  }
  try {
    return { ok: true, json: JSON.parse(text + decoder.decode()) };
  } catch {
    return {
      ok: false,
      status: 400,
      code: -32700,
      message: "Parse error: the request body is not valid JSON",
    };
  }
}
