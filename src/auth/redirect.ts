/**
 * Sends the browser on. The place it leads to learns nothing of where it came from: our address carries the request.
 * @param headers of the OAuth library, with its cookies.
 */
export function redirectTo(address: string, headers = new Headers()): Response {
  headers.set("location", address);
  headers.set("referrer-policy", "no-referrer");
  headers.set("cache-control", "no-store");
  return new Response(null, { status: 302, headers });
}
