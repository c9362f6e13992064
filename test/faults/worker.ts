import "./steps.ts";
import { DeploymentBudget as Budget } from "../../src/agent/deployment-budget.ts";
import { VeoAgent as Agent } from "../../src/agent/veo-agent.ts";
import worker from "../../src/index.ts";
import type { Reservation, Settlement } from "../../src/ledger/budget.ts";
import { happens, step } from "./steps.ts";

/** The Worker as it is deployed, but that every thing its objects do is noted. */
export { OAuthStore } from "../../src/auth/oauth-store.ts";
export { SignInGuard } from "../../src/auth/sign-in-guard.ts";
export default worker;

/** Notes what is written down, set, or said: what an object has only in memory dies with it anyway. */
function noteEvents({ storage }: DurableObjectState): void {
  const watch = (prototype: object, names: readonly string[], isEvent: (query: unknown) => boolean) => {
    for (const name of names) {
      const original: unknown = Reflect.get(prototype, name);
      if (typeof original !== "function" || watched.has(original)) continue;
      const watching = function (this: unknown, ...args: unknown[]): unknown {
        if (isEvent(args[0])) happens();
        return Reflect.apply(original, this, args);
      };
      watched.add(watching);
      Reflect.set(prototype, name, watching);
    }
  };
  const isWrite = (query: unknown) => !/^\s*SELECT/i.test(String(query));
  watch(Object.getPrototypeOf(storage.sql), ["exec"], isWrite);
  watch(Object.getPrototypeOf(storage), ["put", "delete", "setAlarm", "deleteAlarm"], () => true);
  watch(WebSocket.prototype, ["send", "close", "accept"], () => true);
}
const watched = new WeakSet<object>();

type Environment = ConstructorParameters<typeof Agent>[1];

export class VeoAgent extends Agent {
  constructor(ctx: DurableObjectState, env: Environment) {
    noteEvents(ctx);
    super(ctx, env);
  }
}

/** Its methods await nothing, so that the only steps are before and after them. */
export class DeploymentBudget extends Budget {
  override async reserve(reservation: Reservation) {
    await step("budget is asked to reserve");
    return super.reserve(reservation);
  }

  override async settle(settlements: Settlement[]) {
    await step("budget is asked to settle");
    return super.settle(settlements);
  }
}
