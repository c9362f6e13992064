/**
 * What Cloudflare charges, in US dollars, as https://developers.cloudflare.com/workers/platform/pricing/ and
 * https://developers.cloudflare.com/durable-objects/platform/pricing/ had it in November 2026. Of CPU time, which the
 * list counts too, a video takes far too little to matter before requests do; see `costs.ts`.
 */
export const PRICED = {
  workerRequests: {
    name: "requests to the Worker",
    freePerDay: 100_000,
    included: 10_000_000,
    perMillion: 0.3,
  },
  objectRequests: {
    name: "requests to its objects",
    freePerDay: 100_000,
    included: 1_000_000,
    perMillion: 0.15,
  },
  gigabyteSeconds: { name: "GB-s of objects", freePerDay: 13_000, included: 400_000, perMillion: 12.5 },
  rowsRead: { name: "rows read", freePerDay: 5_000_000, included: 25_000_000_000, perMillion: 0.001 },
  rowsWritten: { name: "rows written", freePerDay: 100_000, included: 50_000_000, perMillion: 1 },
  workerCpuMs: {
    name: "ms of the Worker's CPU",
    freePerDay: Number.POSITIVE_INFINITY,
    included: 30_000_000,
    perMillion: 0.02,
  },
} as const;
