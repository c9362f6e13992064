import { gifBytes, mp4Bytes } from "./video.ts";

/** Serves any `<video_id>.mp4` or `.gif`: the simulator may have restarted since it made the id. */
export function serveMedia(request: Request): Response {
  const isGif = new URL(request.url).pathname.endsWith(".gif");
  const bytes = isGif ? gifBytes() : mp4Bytes();
  const headers = {
    "content-type": isGif ? "image/gif" : "video/mp4",
    "accept-ranges": "bytes",
    // The pages that show results are elsewhere, and read the bytes.
    "access-control-allow-origin": "*",
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  if (range === null) {
    return new Response(bytes, { headers: { ...headers, "content-length": String(bytes.length) } });
  }
  const first = Number(range[1]);
  const last = range[2] === "" ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1);
  if (first > last) {
    return new Response(null, {
      status: 416,
      headers: { ...headers, "content-range": `bytes */${bytes.length}` },
    });
  }
  return new Response(bytes.slice(first, last + 1), {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${first}-${last}/${bytes.length}` },
  });
}
