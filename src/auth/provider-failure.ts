import { type AuthRequest, authorizationErrorRedirect } from "@cloudflare/workers-oauth-provider";
import * as oidc from "openid-client";
import { z } from "zod";
import { errorName } from "../log.ts";
import { ProviderError } from "./provider-request.ts";

/** What may be logged of a failure at an identity provider: numbers, and words of a protocol or of a library. */
export interface ProviderFailure {
  /** The class of what was thrown. */
  error?: string;
  /** Of HTTP, where there was an answer. */
  status?: number;
  /** OAuth's word for it (RFC 6749, sections 4.1.2.1 and 5.2), as the provider said it. */
  code?: string;
  /** Why `openid-client` refused the answer, in its own word. */
  reason?: string;
}

/** With these a provider refuses this server, and not the person: only its operator can do something. */
const REFUSALS_OF_THE_SERVER: ReadonlySet<string> = new Set([
  "invalid_client",
  "unauthorized_client",
  // GitHub's own.
  "incorrect_client_credentials",
  "redirect_uri_mismatch",
  "application_suspended",
]);

/** An error that came with 200, as GitHub's do: to `openid-client` it is an answer without a token. */
const errorWith200Schema = z.object({
  cause: z.object({ cause: z.object({ body: z.object({ error: z.string() }) }) }),
});

/** @returns what is known of an error that a step at the provider threw. Descriptions may hold anything, and stay out. */
export function failureOf(error: unknown): ProviderFailure {
  const name = { error: errorName(error) };
  if (error instanceof ProviderError) return { ...name, status: error.status };
  if (error instanceof oidc.ResponseBodyError)
    return { ...name, status: error.status, code: codeIn(error.error) };
  // No body is read beside a challenge; what one means in answer to a client is in RFC 6749, section 5.2.
  if (error instanceof oidc.WWWAuthenticateChallengeError)
    return { ...name, status: error.status, ...(error.status === 401 && { code: "invalid_client" }) };
  if (!(error instanceof oidc.ClientError)) return name;
  const reason = error.code !== undefined && { reason: error.code };
  if (error.cause instanceof Response) return { ...name, ...reason, status: error.cause.status };
  const { data } = errorWith200Schema.safeParse(error);
  return { ...name, ...reason, ...(data && { status: 200, code: codeIn(data.cause.cause.body.error) }) };
}

/** @returns a code of OAuth's. Whoever wrote it can have written anything, so nothing else is passed on. */
export const codeIn = (text: string): string => (/^[a-z_]{1,40}$/.test(text) ? text : "unreadable");

/** @returns the address that tells the client of it: whether waiting helps, or only the operator. */
export const failedRedirect = (request: AuthRequest, { code }: ProviderFailure): string =>
  code !== undefined && REFUSALS_OF_THE_SERVER.has(code)
    ? authorizationErrorRedirect(
        request,
        "server_error",
        "The identity provider does not accept this server: its operator has to check the client id, the secret and the callback",
      )
    : authorizationErrorRedirect(request, "temporarily_unavailable", "The identity provider failed");
