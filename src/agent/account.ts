import type { Budget } from "../ledger/budget.ts";
import { Ledger } from "../ledger/ledger.ts";
import { Parking } from "../ledger/parking.ts";
import { Retention } from "../ledger/retention.ts";
import { Settlements } from "../ledger/settlements.ts";
import { TaskStore } from "../ledger/task-store.ts";
import { UsageStore } from "../ledger/usage-store.ts";
import { WatchStore } from "../ledger/watch-store.ts";
import type { Log } from "../log.ts";
import { type Catalogue, createCatalogue } from "../mcp/catalogue.ts";
import type { Lane } from "../mcp/lane.ts";
import { createLegacyLane } from "../mcp/legacy-lane.ts";
import { createModernLane } from "../mcp/modern-lane.ts";
import { News } from "../mcp/news.ts";
import { SessionStore } from "../mcp/session-store.ts";
import { SubscriptionStore } from "../mcp/subscription-store.ts";
import { ledgerTasks, type TaskDirectory } from "../mcp/task-directory.ts";
import type { CallerContext } from "../tools/define-tool.ts";
import { createUpstreamClient } from "../veo/upstream-client.ts";
import { callbackAddresses, callbackReader } from "./callback-address.ts";
import { Credential } from "./credential.ts";
import { HealthCheck } from "./health-check.ts";
import { logLostOrder } from "./lost-order-log.ts";
import type { Settings } from "./settings.ts";
import type { Streams } from "./streams.ts";

/** Kinds of callers that are remembered. Without `PUBLIC_URL` a caller can come under any name that leads here. */
const MAX_CONTEXTS = 16;

/** The parts of an account, put together. */
export interface Account {
  ledger: Ledger;
  settlements: Settlements;
  retention: Retention;
  health: HealthCheck;
  credential: Credential;
  lanes: { legacy: Lane; modern: Lane };
  news: News;
  subscriptions: SubscriptionStore;
  sessions: SessionStore;
  /** @returns what there is for a caller: one object for each kind of them, which the lanes keep servers for. */
  contextFor(ownsToken: boolean, origin: string | undefined): CallerContext;
}

/** What an account offers, and what a variant of this object may add to. */
export interface Offer {
  catalogue: Catalogue;
  tasks: TaskDirectory;
}

/** What the object brings to its account. */
export interface AccountSurroundings {
  /** The account's name. */
  name: string;
  sql: SqlStorage;
  log: Log;
  /** Derives the alarm from the rows. */
  arm(): Promise<void>;
  streams: Pick<Streams, "send" | "end">;
  deploymentBudget: Budget;
  offer(own: Offer): Offer;
}

/** Puts an account together from its rows and the deployment's settings. */
export function openAccount(settings: Settings, surroundings: AccountSurroundings): Account {
  const { configuration, deployment } = settings;
  const { name, sql, log, arm, streams, offer, deploymentBudget } = surroundings;
  const now = () => Date.now();
  const credential = new Credential(sql, {
    deploymentToken: configuration.upstreamToken,
    secretKey: configuration.secretKey,
    account: name,
    now,
  });
  const tasks = new TaskStore(sql);
  const usage = new UsageStore(sql);
  const watch = new WatchStore(sql);
  const { limits } = configuration;
  const isLimited = Object.values(limits.deployment).some((limit) => limit !== undefined);
  const budget = isLimited ? deploymentBudget : undefined;
  const upstream = createUpstreamClient({
    baseUrl: configuration.upstreamBaseUrl,
    requestTimeoutMs: configuration.requestTimeoutMs,
    log,
  });
  const ledger: Ledger = new Ledger(
    {
      tasks,
      usage,
      limits,
      budget,
      watch,
      parking: new Parking(),
      upstream,
      credential,
      callbacks: callbackReader(configuration.secretKey, name),
      ownsToken: configuration.access.mode !== "team",
      now,
      random: Math.random,
      async arm(proven) {
        credential.settle(ledger.look.isOn(), proven);
        await arm();
      },
      announce(before, after) {
        logLostOrder(log, before, after, now());
        news.taskOfLedger(before, after);
      },
    },
    { ...configuration, payer: deployment.payer },
  );
  const subscriptions = new SubscriptionStore(sql);
  const sessions = new SessionStore(sql, now, (sessionId) => {
    subscriptions.drop(sessionId);
    streams.end(sessionId);
  });
  const { catalogue, tasks: directory } = offer({
    catalogue: createCatalogue(deployment, log),
    tasks: ledgerTasks(ledger, deployment, now),
  });
  const news: News = new News({
    subscriptions,
    sessions,
    tasks: directory,
    now,
    log,
    send: (holder, notification) => streams.send(holder, notification),
  });
  const settlements = new Settlements({ tasks, budget, now });
  const contexts = new Map<string, CallerContext>();
  const hold: CallerContext["hold"] = (call) => credential.hold(call);
  return {
    ledger,
    settlements,
    health: new HealthCheck(sql, upstream, credential, now),
    retention: new Retention({ tasks, usage, watch, now }, configuration.retentionMs),
    credential,
    news,
    subscriptions,
    sessions,
    contextFor(ownsToken, origin) {
      const key = `${ownsToken} ${origin}`;
      const context = contexts.get(key) ?? {
        deployment,
        ledger,
        ownsToken,
        callbackAddressFor: origin === undefined ? undefined : callbackAddresses(configuration, origin, name),
        hold,
      };
      if (!contexts.has(key) && contexts.size >= MAX_CONTEXTS) contexts.clear();
      contexts.set(key, context);
      return context;
    },
    lanes: {
      legacy: createLegacyLane(catalogue, sessions, subscriptions, arm),
      modern: createModernLane(catalogue, directory, log),
    },
  };
}
