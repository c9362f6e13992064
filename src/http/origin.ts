import { isLoopback } from "../config/values.ts";

interface Door {
  publicOrigin: string | undefined;
  allowedOrigins: readonly string[];
}

/**
 * Whether a request came to us under our own name. Cloudflare routes by host, so anything with TLS is ours; plain
 * HTTP is for loopback only, which also stops DNS rebinding: a page of `http://attacker:8787` that reaches the
 * server of `wrangler dev` has the attacker's name in its URL.
 */
export function isOurHost(url: URL, { publicOrigin }: Door): boolean {
  if (isLoopback(url.hostname))
    return publicOrigin === undefined || isLoopback(new URL(publicOrigin).hostname);
  return publicOrigin === undefined ? url.protocol === "https:" : url.origin === publicOrigin;
}

/**
 * Whether a page of this origin may call us: our own, those allowed, and on loopback every loopback page. No
 * Origin means no browser, or a navigation, and neither is a cross-site request.
 */
export function isAllowedOrigin(origin: string | null, url: URL, { allowedOrigins }: Door): boolean {
  if (origin === null || origin === url.origin || allowedOrigins.includes(origin)) return true;
  return isLoopback(url.hostname) && URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
