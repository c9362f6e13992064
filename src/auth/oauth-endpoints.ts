/** Where everything of the sign-in is (auth-design.md). One list, for the routes and the metadata alike. */
export const ENDPOINTS = {
  mcp: "/mcp",
  resourceMetadata: "/.well-known/oauth-protected-resource/mcp",
  serverMetadata: "/.well-known/oauth-authorization-server",
  authorize: "/authorize",
  /** Tokens, and their revocation. */
  token: "/oauth/token",
  register: "/oauth/register",
  callback: "/oauth/callback",
} as const;

/** An error in the words of OAuth (RFC 6749, section 5.2), never kept by anybody on the way. */
export const oauthError = (
  status: number,
  error: string,
  description: string,
  headers: Record<string, string> = {},
): Response =>
  Response.json(
    { error, error_description: description },
    { status, headers: { "cache-control": "no-store", ...headers } },
  );
