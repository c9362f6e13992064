import type { UpstreamClient } from "../veo/upstream-client.ts";
import type { Parking } from "./parking.ts";
import type { TaskStore } from "./task-store.ts";
import type { WatchStore } from "./watch-store.ts";

/** What the parts of a ledger share. The object that holds them makes it once. */
export interface LedgerDependencies {
  tasks: TaskStore;
  watch: WatchStore;
  parking: Parking;
  upstream: UpstreamClient;
  /** @returns the token that pays and asks, or undefined when the object has none. */
  credential(): string | undefined;
  /** Whether there is a credential when nobody calls: otherwise tasks are brought up to date when somebody asks. */
  isWatchedAlone(): boolean;
  /** @returns epoch milliseconds. */
  now(): number;
  /** @returns a number from 0 to 1, for jitter. */
  random(): number;
  /** Derives the alarm from the rows. Called after every write that may move it. */
  arm(): Promise<void>;
}
