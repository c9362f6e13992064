import type { Bindings } from "../agent/bindings.ts";
import type { OAuthStore } from "./oauth-store.ts";
import type { SignInGuard } from "./sign-in-guard.ts";

/** What the runtime hands to the Worker, with what signing in needs. */
export interface AuthBindings extends Bindings {
  OAUTH_STORE: DurableObjectNamespace<OAuthStore>;
  SIGN_IN_GUARD: DurableObjectNamespace<SignInGuard>;
  /** Sixty a minute and address. Absent in a deployment that removed it: then nothing is limited by address. */
  AUTH_RATE_LIMIT?: RateLimit;
}
