import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { STYLESHEET } from "./stylesheet.ts";

/** What `html` makes: text that is escaped already. */
export type Html = ReturnType<typeof html>;

/** A page of ours: `body` is its `<main>`, a `card` that asks or tells one thing, or a `guide` to read. */
export interface Page {
  title: string;
  body: Html;
}

/**
 * Without `form-action`: Chromium applies it to the redirect that follows a form too, and would block the way back
 * to the client. Nothing else is loaded, run or framed.
 */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLESHEET).digest("base64")}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** No Cross-Origin-Opener-Policy: a client that opened us in a popup would lose sight of it. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  // For browsers that do not know `frame-ancestors` (clickjacking, RFC 6749 section 10.13).
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // `no-referrer` would make Chromium post our own form with `Origin: null`.
  "referrer-policy": "same-origin",
  "cache-control": "no-store",
  "x-robots-tag": "noindex",
};

/**
 * A page as a response. Headers that are given are kept, several cookies among them, except where the page's own
 * are meant: the OAuth library's policy is weaker than ours.
 */
export async function pageResponse(
  page: Page,
  options: { status?: number; headers?: Headers } = {},
): Promise<Response> {
  const headers = new Headers(options.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(String(await shell(page)), { status: options.status ?? 200, headers });
}

const shell = ({ title, body }: Page): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Veo MCP</title>
<style>${raw(STYLESHEET)}</style>
</head>
<body>
<header>
<svg viewBox="0 0 32 32" aria-hidden="true">
<rect width="32" height="32" rx="9"/>
<path d="M12.5 9.5v13l10.5-6.5z"/>
</svg>
Veo MCP
</header>
${body}
</body>
</html>
`;
