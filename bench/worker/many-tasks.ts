import { VeoAgent as Agent } from "../../src/agent/veo-agent.ts";
import { addTasks } from "../../test/ledger/many-tasks.ts";

/** The Worker as it is deployed, whose account begins with as many finished tasks as the variable says. */
export { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
export { OAuthStore } from "../../src/auth/oauth-store.ts";
export { SignInGuard } from "../../src/auth/sign-in-guard.ts";
export { default } from "../../src/index.ts";

export class VeoAgent extends Agent {
  override async onStart() {
    await super.onStart();
    const { sql } = this.ctx.storage;
    const size = Number(Reflect.get(this.env, "BENCHMARK_TASKS"));
    if (sql.exec("SELECT 1 FROM task LIMIT 1").toArray().length === 0) addTasks(sql, 0, size);
  }
}
