import {
  abortAllDurableObjects,
  createExecutionContext,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { getCurrentAgent } from "agents";
import { expect, vi } from "vitest";
import type { VeoAgent } from "../src/agent/veo-agent.ts";
import type { Variables } from "../src/config/variables.ts";
import { handle } from "../src/http/worker.ts";
import { fetchAmong } from "./identity/internet.ts";
import type { IdentityFake } from "./identity/site.ts";
import { Deaths, type Killer } from "./killer.ts";
import { createSimulator, type Simulator, type SimulatorOptions } from "./simulator/simulator.ts";

/**
 * After any real time, so that no alarm of the object fires by itself: time moves only when a test says so. On the
 * grid of five seconds, so that due times are round numbers.
 */
const START_MS = Date.UTC(2035, 0, 1);
/** While timers run, time passes in steps: what they wake may set an alarm. Without any, nothing happens between alarms. */
const STEP_MS = 60_000;
const BUSY_TURNS = 50;
/** When the runtime tries an alarm again that did not get to its end. */
const ALARM_RETRY_MS = 2000;
/** Shorter than anything is kept, unless a test says so. */
const WEEKS_MS = 21 * 86_400_000;
export const ORIGIN = "https://veo.test";
export const ACCESS_KEY = String(env.MCP_ACCESS_KEY);
export const UPSTREAM_TOKEN = String(env.ACEDATACLOUD_API_TOKEN);

export interface WorldOptions extends SimulatorOptions {
  /** Variables of the Worker beside or in place of the tests' own; the objects keep those of the test project. */
  variables?: Variables;
  /** Variables of the Worker and of its objects, beside or in place of the test project's. */
  deployment?: Variables;
  /** Whether the upstream's callbacks come through; else something on the way eats them. */
  rings?: boolean;
  /** Whose objects take part: their alarms go off. */
  accounts?: readonly string[];
  /** Identity providers that the Worker can reach, beside the upstream. */
  identity?: readonly Pick<IdentityFake, "handles" | "fetch" | "unexpected">[];
  /** Ends the objects in the middle of what they do. */
  killer?: Killer;
}

/** The Worker, its account's object, the simulated upstream and a clock, for one test. */
export interface World {
  simulator: Simulator;
  /** Changes variables, as a deploy does that an isolate outlives. */
  deploy(variables: Variables): void;
  /** Changes variables of the Worker and of its objects, which begin anew with them. */
  redeploy(variables: Variables): Promise<void>;
  /** Lets another account take part. */
  join(account: string): void;
  /** Sends a request to the Worker, as a client would. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Lets `ms` pass: alarms and timers that are due go off in their order. */
  advance(ms: number): Promise<void>;
  /** Lets time pass in which nothing runs, as when the platform is down: what was due is late. */
  skip(ms: number): void;
  /** Lets time pass, a second at a time, until a promise settles; at most `mostMs`. */
  until<T>(promise: Promise<T>, mostMs?: number): Promise<T>;
  /** Lets the object finish what it has begun, without time passing. */
  settle(): Promise<void>;
  /** Throws the objects out of memory; their storage stays. */
  evict(): Promise<void>;
  /** Ends the object in the middle of whatever it does; what it has written stays. */
  crash(): Promise<void>;
  /** Runs in an account's object, the first one's by default, to look at its storage. */
  inObject<T>(
    look: (agent: VeoAgent, state: DurableObjectState) => T | Promise<T>,
    account?: string,
  ): Promise<T>;
  /**
   * When an account's object has work, as its alarm says; null when it has none. What it wakes for after weeks is only
   * to forget what is old by then.
   */
  nextWorkMs(account?: string): Promise<number | null>;
  /** How often the upstream was asked for tasks. */
  taskQueries(): number;
  /** How often the upstream was asked to make something. */
  paidCalls(): number;
  /** Ends the world; fails when the server sent a request that the upstream does not know. */
  end(): Promise<void>;
}

export function createWorld(options: WorldOptions = {}): World {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: START_MS });
  const simulator = createSimulator({ generationMs: 60_000, seed: 1, ...options });
  const identity = options.identity ?? [];
  vi.stubGlobal("fetch", fetchAmong(identity, simulator.fetch));
  // The runtime's own deadline runs on real time; this one on the test's.
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("deadline", "TimeoutError")), ms);
    return controller.signal;
  });
  // No jitter: back-off is then its longest, and the same in every run.
  vi.spyOn(Math, "random").mockReturnValue(0);
  let variables = options.variables;
  const own = new Map<string, unknown>();
  const setDeployment = (changed: Variables) => {
    for (const name of Object.keys(changed)) if (!own.has(name)) own.set(name, Reflect.get(env, name));
    Object.assign(env, changed);
  };
  setDeployment(options.deployment ?? {});
  const accounts = new Set(options.accounts ?? ["owner"]);
  const [first = "owner"] = accounts;
  const stub = (account = first) => env.VEO_AGENT.getByName(account);
  /** What timers of the other objects set off: it has to run there, as soon as time has passed in the first one. */
  const wokenElsewhere = new Map<string, (() => void)[]>();
  const setFakeTimeout = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const account = getCurrentAgent().agent?.name;
    if (account === undefined || account === first) return setFakeTimeout(callback, ms, ...args);
    return setFakeTimeout(() => {
      const woken = wokenElsewhere.get(account) ?? [];
      wokenElsewhere.set(account, [...woken, () => callback(...args)]);
    }, ms);
  });

  const crash = async () => {
    await abortAllDurableObjects();
    // The timers of the object that died: nothing of it may go off in the one that follows.
    const nowMs = Date.now();
    vi.clearAllTimers();
    wokenElsewhere.clear();
    // Clearing sets the clock back to its start too.
    vi.setSystemTime(nowMs);
  };
  const evict = async () => {
    for (const account of accounts) await evictDurableObject(stub(account));
  };
  const deaths = new Deaths(options.killer, crash);
  const inObject = <T>(
    account: string,
    look: (agent: VeoAgent, state: DurableObjectState) => T | Promise<T>,
  ): Promise<T> => deaths.outlive(() => runInDurableObject(stub(account), look));

  const settle = async () => {
    // Each call queues behind what the object is doing, so a few of them let a chain of steps run through.
    for (let turn = 0; turn < 4; turn += 1)
      for (const account of accounts) await inObject(account, () => undefined);
  };
  const fetchWorker: World["fetch"] = async (input, init) => {
    const request = new Request(
      new URL(input instanceof Request ? input.url : input, ORIGIN),
      input instanceof Request ? input : init,
    );
    return variables === undefined && own.size === 0
      ? exports.default.fetch(request)
      : handle(request, { ...env, ...variables }, createExecutionContext());
  };
  const nextRingMs = () => (options.rings === true ? simulator.nextCallbackAtMs() : null);
  const ring = async () => {
    for (let ms = nextRingMs(); ms !== null && ms <= Date.now(); ms = nextRingMs())
      await simulator.deliverCallbacks(fetchWorker);
  };
  // In an object, whose timers these are: the runtime refuses to settle its promises from anywhere else.
  const tick = async (ms: number) => {
    const endMs = Date.now() + ms;
    await inObject(first, () => vi.advanceTimersByTimeAsync(endMs - Date.now()));
    for (const [account, callbacks] of wokenElsewhere) {
      wokenElsewhere.delete(account);
      await inObject(account, () => {
        for (const callback of callbacks.splice(0)) callback();
      });
    }
    // In the middle of whatever the objects do.
    await ring();
  };
  /** Whose alarms are going off. */
  const ringing = new Set<string>();
  const runAlarm = async (account: string) => {
    let running = true;
    const before = deaths.soFar;
    ringing.add(account);
    const ran = runDurableObjectAlarm(stub(account))
      .catch(async (error: unknown) => {
        await deaths.over();
        if (deaths.soFar === before) throw error;
        await retryAlarm(account);
      })
      .finally(() => {
        running = false;
        ringing.delete(account);
      });
    for (let turn = 0; running; turn += 1) {
      if (turn < BUSY_TURNS) {
        await settle();
        continue;
      }
      // Still busy, so it waits for its deadline, and time has to pass for it; the others' alarms do not wait for it.
      const other = await nextAlarm();
      const untilMs = other === undefined ? Number.POSITIVE_INFINITY : other.ms - Date.now();
      if (other !== undefined && untilMs <= 0) await runAlarm(other.account);
      else await tick(Math.min(1000, untilMs));
    }
    await ran;
  };
  /** As the runtime does with an alarm whose object died, unless the object had set another one. */
  const retryAlarm = (account: string) =>
    inObject(account, async (_, { storage }) => {
      if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    });
  const nextAlarm = async () => {
    const alarms = await Promise.all(
      [...accounts].map(async (account) => {
        if (ringing.has(account)) return [];
        const ms = await inObject(account, (_, state) => state.storage.getAlarm());
        return ms === null ? [] : [{ account, ms }];
      }),
    );
    return alarms.flat().sort((a, b) => a.ms - b.ms)[0];
  };
  const runDueAlarms = async () => {
    for (;;) {
      await settle();
      const alarm = await nextAlarm();
      if (alarm === undefined || alarm.ms > Date.now()) return alarm?.ms;
      await runAlarm(alarm.account);
    }
  };
  const advance = async (ms: number) => {
    const endMs = Date.now() + ms;
    for (;;) {
      await ring();
      const alarm = await runDueAlarms();
      const stepEndMs = vi.getTimerCount() === 0 ? endMs : Date.now() + STEP_MS;
      const leftMs = Math.min(endMs, alarm ?? endMs, nextRingMs() ?? endMs, stepEndMs) - Date.now();
      if (leftMs <= 0) return;
      await tick(leftMs);
    }
  };

  return {
    simulator,
    deploy(changed) {
      variables = { ...variables, ...changed };
    },
    join: (account) => void accounts.add(account),
    async redeploy(changed) {
      setDeployment(changed);
      await evict();
    },
    fetch: fetchWorker,
    advance,
    skip: (ms) => void vi.setSystemTime(Date.now() + ms),
    async until(promise, mostMs = 120_000) {
      let settled = false;
      const mark = () => {
        settled = true;
      };
      promise.then(mark, mark);
      const endMs = Date.now() + mostMs;
      await settle();
      while (!settled && Date.now() < endMs) await advance(1000);
      expect(settled, `still pending after ${mostMs} ms`).toBe(true);
      return promise;
    },
    settle,
    evict,
    crash,
    inObject: (look, account = first) => inObject(account, look),
    async nextWorkMs(account = first) {
      const ms = await inObject(account, (_, { storage }) => storage.getAlarm());
      return ms !== null && ms < Date.now() + WEEKS_MS ? ms : null;
    },
    taskQueries: () => simulator.requestsTo("tasks").length,
    paidCalls: () => simulator.requestsTo("paid").length,
    async end() {
      const { unexpected } = simulator;
      // Erased is only what is in memory: an object that was evicted, or idle for ten seconds, would keep its storage.
      for (const account of accounts) await inObject(account, () => undefined);
      await reset();
      Object.assign(env, Object.fromEntries(own));
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
      vi.useRealTimers();
      expect([...unexpected, ...identity.flatMap((fake) => fake.unexpected)]).toEqual([]);
    },
  };
}
