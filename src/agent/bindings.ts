import type { Variables } from "../config/variables.ts";
import type { DeploymentBudget } from "./deployment-budget.ts";
import type { VeoAgent } from "./veo-agent.ts";

/** What the runtime hands to the Worker. */
export interface Bindings extends Variables {
  VEO_AGENT: DurableObjectNamespace<VeoAgent>;
  /** Absent unless the operator wants the log's facts as data points too. */
  VEO_ANALYTICS?: AnalyticsEngineDataset;
  DEPLOYMENT_BUDGET: DurableObjectNamespace<DeploymentBudget>;
}
