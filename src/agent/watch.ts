import { LifecycleCapability, type LifecycleJobOutcome } from "agents/lifecycle";
import { errorName, type Log, type LogFieldsOf } from "../log.ts";

const JOB_ID = "look";
/** When a round fails in a way nobody foresaw, the rows are looked at again after this. */
const AFTER_CRASH_MS = 60_000;

/** While the deployment is not configured, what was paid for waits: this long until the next try. */
const UNCONFIGURED_MS = 600_000;

/** What the watch runs, and when: both derived from the rows. */
export interface Watched {
  /** @returns what the log says of the round. */
  run(): Promise<LogFieldsOf<"alarm_round">>;
  nextAtMs(): number | null;
}

/**
 * The object's alarm for the ledger: one job with a fixed id in the queue of the Agent's lifecycle, which owns the
 * one alarm an object has. Its time is always derived from the rows, and moves both ways.
 */
export class Watch extends LifecycleCapability {
  readonly #watched: () => Watched | undefined;
  readonly #log: () => Log;

  constructor(watched: () => Watched | undefined, log: () => Log) {
    super("veo-watch");
    this.#watched = watched;
    this.#log = log;
  }

  /** Sets the alarm to when the rows want it. */
  async arm(): Promise<void> {
    const { jobs } = this.lifecycle;
    const time = this.#watched()?.nextAtMs() ?? null;
    if (time === null) {
      if (jobs.get(JOB_ID) !== undefined) await jobs.cancel(JOB_ID);
    } else if (jobs.get(JOB_ID)?.time !== time) {
      await jobs.push({ id: JOB_ID, fn: "look", time, retry: { maxAttempts: 1 } });
    }
  }

  /** The alarm: one round. It never throws, since an alarm that throws loses its schedule. */
  async onJob(): Promise<LifecycleJobOutcome | undefined> {
    const watched = this.#watched();
    if (watched === undefined) return { rescheduleAt: Date.now() + UNCONFIGURED_MS };
    const startedAtMs = Date.now();
    const took = () => ({ duration_ms: Date.now() - startedAtMs });
    try {
      this.#log()("info", "alarm_round", { ...(await watched.run()), ...took() });
      const time = watched.nextAtMs();
      return time === null ? undefined : { rescheduleAt: time };
    } catch (error) {
      this.#log()("error", "alarm_round", { outcome: "crashed", ...took(), error: errorName(error) });
      return { rescheduleAt: Date.now() + AFTER_CRASH_MS };
    }
  }
}
