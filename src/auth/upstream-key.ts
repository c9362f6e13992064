import type { Configuration } from "../config/configuration.ts";
import { isKeyRefused, isOutOfCredits } from "../errors.ts";
import type { Log } from "../log.ts";
import { createUpstreamClient } from "../veo/upstream-client.ts";
import { hashName, sha256Hex } from "./digest.ts";
import type { Person } from "./props.ts";

/** What the upstream says of a key that somebody brings. */
export type KeyVerdict = "accepted" | "refused" | "unreachable";

/** A key that was good is asked about again after this; one that was not, much sooner: its owner may mend it. */
const ACCEPTED_FOR_MS = 15 * 60_000;
const REFUSED_FOR_MS = 60_000;
/** While the upstream is in trouble: calls with a key that was good are not all held up by a question of ours. */
const TROUBLE_FOR_MS = 60_000;
/** Of keys remembered in an isolate. */
const MAX_REMEMBERED = 1000;

/** Until when a verdict holds, by the hash of the key. Apart, so that invented keys push out only each other. */
const remembered = { accepted: new Map<string, number>(), refused: new Map<string, number>() };
type Remembered = keyof typeof remembered;

/** Keys look like this; anything else is not worth a question. */
export const looksLikeUpstreamKey = (text: string): boolean => /^[\w.~+/=-]{16,512}$/.test(text);

/** @returns who brings their own key: an account named after its hash, so that the key itself names nothing. */
export const ownerOfUpstreamKey = (key: string): Person => ({
  account: `key-${hashName(`account:${key}`)}`,
  upstreamToken: key,
});

/** @returns what is remembered of a key, without asking anybody. */
export function recallVerdict(key: string, configuration: Configuration): KeyVerdict | undefined {
  const name = nameOf(key, configuration);
  const holds = (verdict: Remembered) => (remembered[verdict].get(name) ?? 0) > Date.now();
  return holds("accepted") ? "accepted" : holds("refused") ? "refused" : undefined;
}

/**
 * Asks the upstream whether a key is good, with a free query, before any object is touched: a thousand invented
 * keys create nothing. The answer is remembered.
 */
export async function checkUpstreamKey(
  key: string,
  configuration: Configuration,
  log: Log,
): Promise<KeyVerdict> {
  const known = recallVerdict(key, configuration);
  if (known !== undefined) return known;
  const name = nameOf(key, configuration);
  const upstream = createUpstreamClient({
    baseUrl: configuration.upstreamBaseUrl,
    requestTimeoutMs: configuration.requestTimeoutMs,
    // Anybody can invent keys, and is not to fill the log with warnings.
    log: (_level, event, fields) => log("info", event, fields),
  });
  const outcome = await upstream.checkToken(key);
  if (outcome.ok) return remember(name, "accepted", ACCEPTED_FOR_MS);
  const { failure } = outcome;
  const isDisabled = failure.kind === "status" && failure.code === "disabled";
  if (isKeyRefused(failure) || isDisabled) return remember(name, "refused", REFUSED_FOR_MS);
  // An empty balance is told only to somebody whose key is good.
  if (isOutOfCredits(failure)) return remember(name, "accepted", ACCEPTED_FOR_MS);
  // The upstream is in trouble: whoever it accepted before goes on, and can read what is in the ledger.
  return remembered.accepted.has(name) ? remember(name, "accepted", TROUBLE_FOR_MS) : "unreachable";
}

function remember(name: string, verdict: Remembered, forMs: number): KeyVerdict {
  for (const known of Object.values(remembered)) known.delete(name);
  const same = remembered[verdict];
  const [oldest] = same.keys();
  if (same.size >= MAX_REMEMBERED && oldest !== undefined) same.delete(oldest);
  same.set(name, Date.now() + forMs);
  return verdict;
}

const nameOf = (key: string, { upstreamBaseUrl }: Configuration): string =>
  sha256Hex(`${upstreamBaseUrl}\n${key}`);
