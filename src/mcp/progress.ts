import type { Progress } from "../ledger/progress.ts";

/** An alias, not an interface: the SDKs take parameters that have an index signature. */
type Parameters = { progressToken: string | number; progress: number; total: number; message: string };
type Notify = (notification: { method: "notifications/progress"; params: Parameters }) => Promise<void>;

/** @returns what tells a client how far its call is; undefined for one that did not ask. */
export const progressTo = (progressToken: string | number | undefined, notify: Notify) =>
  progressToken === undefined
    ? undefined
    : // Who left does not hear it; the call itself is ended by its signal.
      (progress: Progress) =>
        void notify({ method: "notifications/progress", params: { progressToken, ...progress } }).catch(
          () => undefined,
        );
