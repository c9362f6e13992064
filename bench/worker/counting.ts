import { VeoAgent as Agent } from "../../src/agent/veo-agent.ts";
import type { AuthBindings } from "../../src/auth/bindings.ts";
import worker from "../../src/index.ts";
import { type Counts, countStorage, counts, flushRows, inObject } from "./counts.ts";

/** The Worker as it is deployed, which counts what Cloudflare bills. What it counted is under `COUNTS_PATH`. */
export { DeploymentBudget } from "../../src/agent/deployment-budget.ts";
export { OAuthStore } from "../../src/auth/oauth-store.ts";
export { SignInGuard } from "../../src/auth/sign-in-guard.ts";

const COUNTS_PATH = "/benchmark/counts";

/** Its methods are `async` in so many words, since `agents` starts an object for none but these. */
export class VeoAgent extends Agent {
  constructor(ctx: DurableObjectState, env: ConstructorParameters<typeof Agent>[1]) {
    countStorage(ctx.storage);
    super(ctx, env);
  }

  override async serve(...asked: Parameters<Agent["serve"]>) {
    return this.#counted("calls", () => super.serve(...asked));
  }

  override async openStream(...asked: Parameters<Agent["openStream"]>) {
    return this.#counted("calls", () => super.openStream(...asked));
  }

  override async ring(...asked: Parameters<Agent["ring"]>) {
    return this.#counted("calls", () => super.ring(...asked));
  }

  override async fetch(...asked: Parameters<Agent["fetch"]>) {
    return this.#counted("calls", () => super.fetch(...asked));
  }

  override async alarm() {
    return this.#counted("alarms", () => super.alarm());
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer) {
    return this.#counted("socketMessages", async () => super.webSocketMessage?.(socket, message));
  }

  override async webSocketClose(
    ...closed: [socket: WebSocket, code: number, reason: string, wasClean: boolean]
  ) {
    return this.#counted("socketMessages", async () => super.webSocketClose?.(...closed));
  }

  async #counted<T>(what: "calls" | "alarms" | "socketMessages", handle: () => Promise<T>): Promise<T> {
    counts[what] += 1;
    using _ = inObject();
    try {
      return await handle();
    } finally {
      flushRows();
      counts.storedBytes = this.ctx.storage.sql.databaseSize;
    }
  }
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    if (new URL(request.url).pathname === COUNTS_PATH) return Response.json(counts satisfies Counts);
    counts.workerRequests += 1;
    return worker.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<AuthBindings>;
