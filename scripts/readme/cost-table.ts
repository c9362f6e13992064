import { BYTES_PER_VIDEO, COSTED, type CostedClient, type Doorbell, KEPT_DAYS } from "../../bench/costs.ts";
import { freeVideosPerDay, monthlyCost, PAID_PLAN } from "../../bench/price-list.ts";
import { markdownTable } from "../../src/tools/markdown-table.ts";
import { count } from "./words.ts";

const VIDEOS_A_MONTH = [1, 1000, 1_000_000];
const WHAT: Readonly<Record<CostedClient, string>> = {
  polls: "asks again as soon as it has an answer",
  waits: "asks with `wait_seconds: 50`",
  tasks: "declares tasks, and asks when it was told to",
  listens: "listens, and never asks",
};
const RINGS: Readonly<Record<Doorbell, string>> = { silent: "no", ringing: "yes" };

/** What Cloudflare counts of a video, by what follows it. */
export const usageTable = (): string =>
  markdownTable(
    [
      "The client",
      "Doorbell",
      "Requests",
      "…to the object",
      "Object busy, GB-s",
      "Rows written",
      "Rows read",
    ],
    COSTED.map(({ client, doorbell, usage }) => [
      WHAT[client],
      RINGS[doorbell],
      count(usage.workerRequests),
      count(usage.objectRequests),
      count(usage.objectGbSeconds),
      count(usage.rowsWritten),
      count(usage.rowsRead),
    ]),
  );

/** What that comes to. */
export const costTable = (): string =>
  markdownTable(
    ["The client", "Doorbell", "Free plan", ...VIDEOS_A_MONTH.map((videos) => `${count(videos)} a month`)],
    COSTED.map(({ client, doorbell, usage }) => [
      WHAT[client],
      RINGS[doorbell],
      `${count(freeVideosPerDay(usage))} a day`,
      ...VIDEOS_A_MONTH.map((videos) =>
        dollars(PAID_PLAN + monthlyCost(usage, videos, BYTES_PER_VIDEO, KEPT_DAYS)),
      ),
    ]),
  );

const dollars = (amount: number): string => `$${amount.toFixed(2)}`;
