import type { AuthBindings } from "./auth/bindings.ts";
import { handle } from "./http/worker.ts";

export { DeploymentBudget } from "./agent/deployment-budget.ts";
export { VeoAgent } from "./agent/veo-agent.ts";
export { OAuthStore } from "./auth/oauth-store.ts";
export { SignInGuard } from "./auth/sign-in-guard.ts";

export default { fetch: handle } satisfies ExportedHandler<AuthBindings>;
