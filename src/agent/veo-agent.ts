import { isLegacyRequest, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { Agent } from "agents";
import { z } from "zod";
import type { LedgerDependencies } from "../ledger/dependencies.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Parking } from "../ledger/parking.ts";
import { TaskStore } from "../ledger/task-store.ts";
import { WatchStore } from "../ledger/watch-store.ts";
import { createLog, type Log } from "../log.ts";
import { createCatalogue } from "../mcp/catalogue.ts";
import type { Lane } from "../mcp/lane.ts";
import { createLegacyLane } from "../mcp/legacy-lane.ts";
import { createModernLane } from "../mcp/modern-lane.ts";
import { SessionStore } from "../mcp/session-store.ts";
import type { Deployment } from "../tools/define-tool.ts";
import { createUpstreamClient } from "../veo/upstream-client.ts";
import type { Bindings } from "./bindings.ts";
import { type Caller, callerSchema } from "./caller.ts";
import { Credential } from "./credential.ts";
import { type OutgoingAnswer, packAnswer, unpackExchange } from "./exchange.ts";
import { migrate } from "./schema.ts";
import { readSettings, type Settings } from "./settings.ts";
import { Watch, type Watched } from "./watch.ts";

/** The SDKs want a URL, and look at nothing in it: Host and Origin were checked at the door. */
const MCP_URL = "https://account.invalid/mcp";

interface Account {
  deployment: Deployment;
  ledger: Ledger;
  credential: Credential;
  lanes: { legacy: Lane; modern: Lane };
}

/**
 * The object of an account: its MCP server, its ledger, and the alarm that asks the upstream. It is reached by RPC
 * from the Worker only; nothing routes a client's request to its `fetch`.
 */
export class VeoAgent extends Agent<Cloudflare.Env & Bindings> {
  #account: Account | undefined;
  #log: Log = createLog("info");
  readonly #watch: Watch;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env & Bindings) {
    super(ctx, env);
    this.#watch = new Watch(
      () => this.#watched(),
      () => this.#log,
    );
    this.lifecycle.use(this.#watch);
  }

  override async onStart(): Promise<void> {
    migrate(this.ctx.storage);
    const settings = readSettings(this.env);
    // A broken deployment answers 503 in the Worker; only the alarm comes by here, and it tries again later.
    if (!settings.ok) return;
    this.#log = createLog(settings.configuration.logLevel);
    const account = this.#open(settings);
    this.#account = account;
    // The object may have died between the end of the last task and the erasure.
    account.credential.settle(account.ledger.look.isOn());
    await this.#watch.arm();
  }

  /**
   * Answers one exchange of the protocol, for whom our own Worker let in.
   * @param exchange what `packExchange` made of it.
   */
  async serve(exchange: string, caller: Caller): Promise<OutgoingAnswer> {
    const account = this.#account;
    if (account === undefined)
      return packAnswer(new Response("The deployment is not configured.", { status: 503 }));
    const { method, headers, body } = unpackExchange(exchange);
    const { ownsToken, upstreamToken } = callerSchema.parse(caller);
    const request = new Request(MCP_URL, { method, headers });
    const isLegacy = method !== "POST" || (!claimsEnvelope(body) && (await isLegacyRequest(request, body)));
    const lane = isLegacy ? account.lanes.legacy : account.lanes.modern;
    return account.credential.during(upstreamToken, async () => {
      const { deployment, ledger } = account;
      return packAnswer(await lane.serve({ request, body }, { deployment, ledger, ownsToken }));
    });
  }

  /** No client connects to the object by WebSocket, so nobody is told its name and state. */
  override shouldSendProtocolMessages(): boolean {
    return false;
  }

  #watched(): Watched | undefined {
    if (this.#account === undefined) return undefined;
    const { credential, ledger } = this.#account;
    return {
      async run() {
        await ledger.look.run();
        credential.settle(ledger.look.isOn());
      },
      nextAtMs: () => ledger.look.nextAtMs(),
    };
  }

  #open({ configuration, deployment }: Settings): Account {
    const { sql } = this.ctx.storage;
    const now = () => Date.now();
    const watch = this.#watch;
    const credential = new Credential(sql, {
      deploymentToken: configuration.upstreamToken,
      secretKey: configuration.secretKey,
      account: this.name,
      now,
    });
    const dependencies: LedgerDependencies = {
      tasks: new TaskStore(sql),
      watch: new WatchStore(sql),
      parking: new Parking(),
      upstream: createUpstreamClient({
        baseUrl: configuration.upstreamBaseUrl,
        requestTimeoutMs: configuration.requestTimeoutMs,
      }),
      credential,
      now,
      random: Math.random,
      async arm(proven) {
        credential.settle(ledger.look.isOn(), proven);
        await watch.arm();
      },
    };
    const ledger = new Ledger(dependencies, { ...configuration, payer: deployment.payer });
    const catalogue = createCatalogue(deployment, this.#log);
    return {
      deployment,
      ledger,
      credential,
      lanes: {
        legacy: createLegacyLane(catalogue, new SessionStore(sql, now)),
        modern: createModernLane(catalogue, this.#log),
      },
    };
  }
}

/**
 * Whether a body carries the envelope of 2026-07-28, which settles its lane whatever else is in it. Looked at first,
 * since the SDK's own classification, which says the same, costs as much as a look at the ledger.
 */
const claimsEnvelope = (body: unknown): boolean => envelopeSchema.safeParse(body).success;
const envelopeSchema = z.looseObject({
  params: z.looseObject({ _meta: z.looseObject({ [PROTOCOL_VERSION_META_KEY]: z.unknown() }) }),
});
