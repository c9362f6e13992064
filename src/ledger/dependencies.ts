import type { Limits } from "../config/limits.ts";
import type { UpstreamClient } from "../veo/upstream-client.ts";
import type { Budget } from "./budget.ts";
import type { Parking } from "./parking.ts";
import type { Task } from "./task.ts";
import type { TaskStore } from "./task-store.ts";
import type { UsageStore } from "./usage-store.ts";
import type { WatchStore } from "./watch-store.ts";

/** What the parts of a ledger share. The object that holds them makes it once. */
export interface LedgerDependencies {
  tasks: TaskStore;
  watch: WatchStore;
  parking: Parking;
  usage: UsageStore;
  limits: Limits;
  /** What counts for the whole deployment, where it has a limit. */
  budget: Budget | undefined;
  upstream: UpstreamClient;
  credential: LedgerCredential;
  callbacks: CallbackReader;
  /** Whether all tasks of the upstream's token are this account's (tool-surface.md, "Whose task?"). */
  ownsToken: boolean;
  /** @returns epoch milliseconds. */
  now(): number;
  /** @returns a number from 0 to 1, for jitter. */
  random(): number;
  /**
   * Derives the alarm from the rows, and what is kept of a credential. Called after every write that may move it.
   * @param proven a token that the upstream has just taken.
   */
  arm(proven?: string): Promise<void>;
  /** Tells who listens that a task changed. It never throws. */
  announce(before: Task, after: Task): void;
}

/** The tokens that a ledger pays and asks with: the deployment's own, or those that come with the calls. */
export interface LedgerCredential {
  /** @returns the token that the call under way pays with, if it brought one. */
  ofCall(): string | undefined;
  /** @returns a token to ask about tasks with, if there is one that was not refused a moment ago. */
  ofWatch(): string | undefined;
  /** Whether there is one when nobody calls: otherwise tasks are brought up to date when somebody asks. */
  isStanding(): boolean;
  /** The upstream refused a token. */
  refused(token: string): void;
}

/** Knows the callback addresses that this deployment made. */
export interface CallbackReader {
  /** @returns the submission of this account that an address was made for. */
  submissionOf(callbackUrl: string): string | undefined;
  /** Whether an address is of our making, for whichever account. */
  isOurs(callbackUrl: string): boolean;
  /** Whether an address looks like ours: one that was made with an earlier `SECRET_KEY` cannot be opened any more. */
  looksLikeOurs(callbackUrl: string): boolean;
}
