/**
 * Cloudflare's price list in US dollars, as https://developers.cloudflare.com/workers/platform/pricing/ and
 * https://developers.cloudflare.com/durable-objects/platform/pricing/ had it in November 2026. The README says so too.
 */
/** What the Workers Paid plan costs in a month, whatever is used. */
export const PAID_PLAN = 5;

interface Price {
  /** What the free plan allows in a day. */
  readonly freePerDay: number;
  /** What the paid plan includes in a month. */
  readonly included: number;
  readonly perMillion: number;
}
const MILLION = 1_000_000;

/** What a video uses, in the units of the list. */
export interface Usage {
  readonly workerRequests: number;
  /** The Worker's alone: that of objects is in their duration. */
  readonly workerCpuMs: number;
  /** RPC, alarms, requests that open a stream, and a twentieth for each message of its socket. */
  readonly objectRequests: number;
  /** 128 MB for every second that an object is busy: one that is idle and may hibernate is not billed. */
  readonly objectGbSeconds: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}
type Item = keyof Usage;

const PRICE_LIST: Readonly<Record<Item, Price>> = {
  workerRequests: { freePerDay: 100_000, included: 10 * MILLION, perMillion: 0.3 },
  // The free plan limits each request instead, to 10 ms.
  workerCpuMs: { freePerDay: Number.POSITIVE_INFINITY, included: 30 * MILLION, perMillion: 0.02 },
  objectRequests: { freePerDay: 100_000, included: MILLION, perMillion: 0.15 },
  objectGbSeconds: { freePerDay: 13_000, included: 400_000, perMillion: 12.5 },
  rowsRead: { freePerDay: 5 * MILLION, included: 25_000 * MILLION, perMillion: 0.001 },
  rowsWritten: { freePerDay: 100_000, included: 50 * MILLION, perMillion: 1 },
};
const STORAGE = { includedGb: 5, perGbMonth: 0.2 };
const BYTES_PER_GB = 1e9;
const DAYS_PER_MONTH = 30;
/** All that is billed by use. */
export const ITEMS = Object.keys(PRICE_LIST) as readonly Item[];

/** @returns how many videos a day the free plan allows. */
export const freeVideosPerDay = (usage: Usage): number =>
  Math.floor(Math.min(...ITEMS.map((item) => PRICE_LIST[item].freePerDay / usage[item])));

/**
 * @param keptDays for how long a video stays in the ledger.
 * @returns what so many videos a month cost on the paid plan beyond its base price, once as many are kept as ever will.
 */
export function monthlyCost(usage: Usage, videos: number, bytesPerVideo: number, keptDays: number): number {
  const used = ITEMS.map((item) => {
    const { included, perMillion } = PRICE_LIST[item];
    return (Math.max(0, usage[item] * videos - included) / MILLION) * perMillion;
  });
  const storedGb = (bytesPerVideo * videos * (keptDays / DAYS_PER_MONTH)) / BYTES_PER_GB;
  const stored = Math.max(0, storedGb - STORAGE.includedGb) * STORAGE.perGbMonth;
  return used.reduce((sum, cost) => sum + cost, stored);
}
