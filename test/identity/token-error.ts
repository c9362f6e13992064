import { jsonResponse } from "../simulator/wire.ts";
import type { Refusal } from "./authorization.ts";

const ERROR_OF_REFUSAL: Record<Refusal, string> = {
  request: "invalid_request",
  client: "invalid_client",
  secret: "invalid_client",
  grant_type: "unsupported_grant_type",
  code: "invalid_grant",
  redirect_uri: "invalid_grant",
  verifier: "invalid_grant",
};

/** A refusal of the token endpoint as RFC 6749, section 5.2, wants it. */
export function tokenError(refusal: Refusal): Response {
  const error = ERROR_OF_REFUSAL[refusal];
  return jsonResponse(
    { error, error_description: `refused because of: ${refusal}` },
    error === "invalid_client" ? 401 : 400,
    { "cache-control": "no-store" },
  );
}
