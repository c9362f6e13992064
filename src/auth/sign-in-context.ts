import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import type { Configuration } from "../config/configuration.ts";
import type { Log, Refusal } from "../log.ts";
import type { AuthBindings } from "./bindings.ts";

/** The one scope there is; `offline_access` asks for a refresh token, which everybody gets. */
export const SCOPE = "veo";

/** What the pages of a sign-in share: whose server this is, and under which address. */
export interface SignInContext {
  configuration: Configuration;
  /** Without a path. */
  origin: string;
  log: Log;
  /** Says why the request under way is refused, for the line of the log that has its status. */
  noteRefusal(refusal: Refusal): void;
}

/** The bindings as the OAuth library hands them on, with its helpers. */
export interface SignInBindings extends AuthBindings {
  OAUTH_PROVIDER: OAuthHelpers;
}
