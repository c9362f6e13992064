import { AuthorizationError } from "@cloudflare/workers-oauth-provider";
import { StaleWriteError } from "./oauth-storage.ts";

/** A consent page or a way back from a provider that cannot be used: used, expired, or another browser's. */
export class SpentPageError extends Error {
  constructor() {
    super("The page was used, has expired, or belongs to another browser");
    this.name = "SpentPageError";
  }
}

/**
 * Runs the library's step that a page can be used for once. Why it cannot is one answer to whoever sent it: a second
 * press of Enter clears the first one's cookie, and the library then speaks of another browser. Throws
 * `SpentPageError`.
 */
export const usingPageOnce = <T>(step: Promise<T>): Promise<T> =>
  step.catch((error: unknown) => {
    throw error instanceof AuthorizationError || error instanceof StaleWriteError
      ? new SpentPageError()
      : error;
  });
