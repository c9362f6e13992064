import { DeploymentBudget as Budget } from "../../src/agent/deployment-budget.ts";
import { VeoAgent as Agent } from "../../src/agent/veo-agent.ts";
import worker from "../../src/index.ts";
import { deployed } from "./deployed.ts";

/** The Worker as it is deployed, but for the variables of its objects, which a test can change. */
export { OAuthStore } from "../../src/auth/oauth-store.ts";
export { SignInGuard } from "../../src/auth/sign-in-guard.ts";
export default worker;

type Environment = ConstructorParameters<typeof Agent>[1];

export class VeoAgent extends Agent {
  constructor(ctx: DurableObjectState, env: Environment) {
    super(ctx, { ...env, ...deployed() });
  }
}

export class DeploymentBudget extends Budget {
  constructor(ctx: DurableObjectState, env: Environment) {
    super(ctx, { ...env, ...deployed() });
  }
}
