import type { Configuration } from "../config/configuration.ts";
import { isKeyRefused, isOutOfCredits } from "../errors.ts";
import { createUpstreamClient } from "../veo/upstream-client.ts";
import type { Person } from "./props.ts";
import { sha256 } from "./secret-comparison.ts";

/** What the upstream says of a key that somebody brings. */
export type KeyVerdict = "accepted" | "refused" | "unreachable";

/** A key that was good is asked about again after this; one that was not, much sooner: its owner may mend it. */
const ACCEPTED_FOR_MS = 15 * 60_000;
const REFUSED_FOR_MS = 60_000;
/** Of keys remembered in an isolate, by their hash. Invented ones push out only each other and the oldest. */
const MAX_REMEMBERED = 2000;

interface Remembered {
  verdict: "accepted" | "refused";
  untilMs: number;
}
const remembered = new Map<string, Remembered>();

/** Keys look like this; anything else is not worth a question. */
export const looksLikeUpstreamKey = (text: string): boolean => /^[\w.~+/=-]{16,512}$/.test(text);

/** @returns who brings their own key: an account named after its hash, so that the key itself names nothing. */
export const ownerOfUpstreamKey = (key: string): Person => ({
  account: `key-${Buffer.from(sha256(`account:${key}`))
    .toString("hex")
    .slice(0, 32)}`,
  label: "AceDataCloud API key",
  upstreamToken: key,
});

/** @returns what is remembered of a key, without asking anybody. */
export function recallVerdict(key: string, configuration: Configuration): KeyVerdict | undefined {
  const known = remembered.get(nameOf(key, configuration));
  return known !== undefined && known.untilMs > Date.now() ? known.verdict : undefined;
}

/**
 * Asks the upstream whether a key is good, with a free query, before any object is touched: a thousand invented
 * keys create nothing. The answer is remembered.
 */
export async function checkUpstreamKey(key: string, configuration: Configuration): Promise<KeyVerdict> {
  const known = recallVerdict(key, configuration);
  if (known !== undefined) return known;
  const name = nameOf(key, configuration);
  const upstream = createUpstreamClient({
    baseUrl: configuration.upstreamBaseUrl,
    requestTimeoutMs: configuration.requestTimeoutMs,
  });
  const outcome = await upstream.queryTasks({ offset: 0, limit: 1 }, key);
  if (outcome.ok) return remember(name, "accepted", ACCEPTED_FOR_MS);
  if (isKeyRefused(outcome.failure)) return remember(name, "refused", REFUSED_FOR_MS);
  // An empty balance is told only to somebody whose key is good.
  if (isOutOfCredits(outcome.failure)) return remember(name, "accepted", ACCEPTED_FOR_MS);
  // The upstream is in trouble: whoever it accepted before goes on, and can read what is in the ledger.
  return remembered.get(name)?.verdict === "accepted" ? "accepted" : "unreachable";
}

function remember(name: string, verdict: Remembered["verdict"], forMs: number): KeyVerdict {
  remembered.delete(name);
  const [oldest] = remembered.keys();
  if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  remembered.set(name, { verdict, untilMs: Date.now() + forMs });
  return verdict;
}

const nameOf = (key: string, { upstreamBaseUrl }: Configuration): string =>
  Buffer.from(sha256(`${upstreamBaseUrl}\n${key}`)).toString("base64");
