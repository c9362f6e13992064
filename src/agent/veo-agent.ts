import { isLegacyRequest, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { Agent } from "agents";
import { z } from "zod";
import { createLog, type Log } from "../log.ts";
import type { Exchange, Lane } from "../mcp/lane.ts";
import { listenIdOf, tooManyStreams } from "../mcp/listen.ts";
import { isStreamHolder, MAX_STREAMS } from "../mcp/subscription-store.ts";
import type { CallerContext } from "../tools/define-tool.ts";
import { type Account, type Offer, openAccount } from "./account.ts";
import { accountHash } from "./account-hash.ts";
import type { Bindings } from "./bindings.ts";
import { reachBudget } from "./budget-client.ts";
import { type Caller, callerSchema } from "./caller.ts";
import { type OpenedStream, type OutgoingAnswer, packAnswer, unpackExchange } from "./exchange.ts";
import type { UpstreamHealth } from "./health-check.ts";
import { migrate } from "./schema.ts";
import { readSettings } from "./settings.ts";
import { type StreamEvents, Streams } from "./streams.ts";
import { Watch, type Watched } from "./watch.ts";

/** The SDKs want a URL, and look at nothing in it: Host and Origin were checked at the door. */
const MCP_URL = "https://account.invalid/mcp";

/**
 * The object of an account: its MCP server, its ledger, and the alarm that asks the upstream. It is reached
 * from the Worker only, by RPC, and by `fetch` with a ticket; nothing routes a client's request to it.
 */
export class VeoAgent extends Agent<Cloudflare.Env & Bindings> {
  #account: Account | undefined;
  #log: Log = createLog("info");
  readonly #watch: Watch;
  readonly #streams: Streams;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env & Bindings) {
    super(ctx, env);
    this.#watch = new Watch(
      () => this.watched(),
      () => this.#log,
    );
    this.#streams = new Streams(
      () => this.#streamEvents(),
      () => this.#log,
    );
    this.lifecycle.use(this.#watch);
    this.lifecycle.use(this.#streams);
  }

  override async onStart(): Promise<void> {
    migrate(this.ctx.storage);
    const settings = readSettings(this.env);
    // A broken deployment answers 503 in the Worker; only the alarm comes by here, and it tries again later.
    if (!settings.ok) return;
    const { logLevel, secretKey } = settings.configuration;
    this.#log = createLog(logLevel, this.env.VEO_ANALYTICS, accountHash(this.name, secretKey));
    const account = openAccount(settings, {
      name: this.name,
      sql: this.ctx.storage.sql,
      log: this.#log,
      arm: () => this.arm(),
      streams: this.#streams,
      deploymentBudget: reachBudget(this.env.DEPLOYMENT_BUDGET, this.#log),
      offer: (own) => this.offer(own),
    });
    this.#account = account;
    // The object may have died between the end of the last task and the erasure, or under open streams.
    account.credential.settle(account.ledger.look.isOn());
    account.subscriptions.keepStreams(this.#streams.isOpen);
    await this.#watch.arm();
  }

  /**
   * Answers one exchange of the protocol, for whom our own Worker let in.
   * @param exchange what `packExchange` made of it.
   */
  async serve(exchange: string, caller: Caller): Promise<OutgoingAnswer> {
    return this.#inLane(exchange, caller, async (lane, asked, context) =>
      packAnswer(await lane.serve(asked, context)),
    );
  }

  /**
   * Lets a client open a stream, which the Worker then connects with the ticket.
   * @param exchange what `packExchange` made of it.
   */
  async openStream(exchange: string, caller: Caller): Promise<OpenedStream> {
    const refused = async (response: Response): Promise<OpenedStream> => ({
      ok: false,
      answer: await packAnswer(response),
    });
    return this.#inLane(exchange, caller, async (lane, asked, context) => {
      const opening = await lane.open(asked, context);
      if (opening instanceof Response) return refused(opening);
      const { holder, topics, acknowledged } = opening;
      if (isStreamHolder(holder) && topics.length === 0) return { ok: true, ticket: undefined, acknowledged };
      const ticket = this.#streams.admit(opening);
      return ticket === undefined
        ? refused(tooManyStreams(listenIdOf(asked.body) ?? null, MAX_STREAMS))
        : { ok: true, ticket, acknowledged };
    });
  }

  /**
   * The upstream rang for a submission, at an address that was checked.
   * @returns whether it is watched.
   */
  async ring(submissionId: string): Promise<boolean> {
    return (await this.#account?.ledger.ring(submissionId)) ?? false;
  }

  /**
   * Whether the upstream answers, asked at most once a minute.
   * @param caller whoever wants to know: their own token is used where everybody has one.
   */
  async checkUpstream(caller: Caller): Promise<UpstreamHealth> {
    const { upstreamToken } = callerSchema.parse(caller);
    const account = this.#account;
    if (account === undefined) throw new Error("The deployment is not configured");
    return account.credential.during(upstreamToken, () => account.health.check());
  }

  /** The only sockets are ours (`streams.ts`): nobody is told the name and state of the object. */
  override shouldSendProtocolMessages(): boolean {
    return false;
  }

  /** What the alarm does, and when. */
  protected watched(): Watched | undefined {
    if (this.#account === undefined) return undefined;
    const { credential, ledger, settlements, retention, sessions } = this.#account;
    return {
      async run() {
        const { due, lost, failure } = await ledger.look.run();
        credential.settle(ledger.look.isOn());
        await settlements.run();
        retention.run();
        sessions.expire();
        return {
          outcome: failure?.kind ?? "ok",
          tasks: due,
          ...(lost > 0 && { lost }),
          ...(failure?.kind === "status" && { status: failure.status }),
        };
      },
      nextAtMs() {
        const times = [
          ledger.look.nextAtMs(),
          settlements.nextAtMs(),
          retention.nextAtMs(),
          sessions.nextExpiryMs(),
        ].filter((ms) => ms !== null);
        return times.length === 0 ? null : Math.min(...times);
      },
    };
  }

  /** What the lanes serve. */
  protected offer(own: Offer): Offer {
    return own;
  }

  /** Sets the alarm to when what `watched` names is due. */
  protected arm(): Promise<void> {
    return this.#watch.arm();
  }

  /** Tells everybody who is subscribed to one of the topics that it changed. */
  protected publish(topics: readonly string[]): void {
    this.#account?.news.publish(topics);
  }

  async #inLane<T>(
    exchange: string,
    caller: Caller,
    answer: (lane: Lane, asked: Exchange, context: CallerContext) => Promise<T>,
  ): Promise<T> {
    const account = this.#account;
    // The Worker checks the same variables before it calls.
    if (account === undefined) throw new Error("The deployment is not configured");
    const { method, origin, headers, body } = unpackExchange(exchange);
    const { ownsToken, upstreamToken } = callerSchema.parse(caller);
    const request = new Request(MCP_URL, { method, headers });
    const isLegacy = method !== "POST" || (!claimsEnvelope(body) && (await isLegacyRequest(request, body)));
    const lane = isLegacy ? account.lanes.legacy : account.lanes.modern;
    const context = account.contextFor(ownsToken, origin);
    return account.credential.during(upstreamToken, () => answer(lane, { request, body }, context));
  }

  #streamEvents(): StreamEvents | undefined {
    if (this.#account === undefined) return undefined;
    const { news, subscriptions, sessions } = this.#account;
    return {
      opened({ holder, topics }) {
        for (const topic of topics) subscriptions.add(holder, topic);
        news.welcome(holder);
      },
      wentOn: (holder) => news.welcome(holder),
      closed(holder) {
        if (isStreamHolder(holder)) subscriptions.drop(holder);
        else sessions.streamClosed(holder);
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
