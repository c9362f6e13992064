import { BYTES_PER_VIDEO, COSTED, type CostedClient, type Doorbell, KEPT_DAYS } from "./costs.ts";
import { storeMany, usageOf, type VideoAccount } from "./counted-video.ts";
import { WITH_DOORBELL } from "./deployments.ts";
import { ITEMS, monthlyCost, type Usage } from "./price-list.ts";
import { atMost, type Line, rounded } from "./report.ts";
import { type Part, type Setup, setStage } from "./stage.ts";
import { buildVariant } from "./worker-build.ts";

const GENERATION_MS = 120_000;
const VIDEOS = 1_000_000;
/** What is counted differs a little from run to run, as does the moment at which a client asks. */
const TIMES_THE_MANUAL = 1.2;
const PART = "cost";
/** Only orders, to see how large the ledger becomes. */
const STORED = "stored";

const CASES = COSTED.map(({ client, doorbell, usage }) => ({
  client,
  doorbell,
  manual: usage,
  name: `${client}-${doorbell}`,
}));

/** What a video costs at Cloudflare, for each kind of client: counted by a Worker that counts what is billed. */
export const cost: Part = async (bench) => {
  const setups: Record<string, Setup> = { [STORED]: { generationMs: 0 } };
  for (const { name, doorbell } of CASES)
    setups[name] = {
      generationMs: GENERATION_MS,
      variables: { ...WITH_DOORBELL, ...(doorbell === "silent" && { CALLBACKS: "off" }) },
    };
  await using stage = await setStage(
    { ...bench, built: await buildVariant("counting", bench.scratchFolder) },
    setups,
  );
  const accountOf = (name: string): VideoAccount => ({
    url: stage.workerd.mcpUrl(name),
    connect: () => stage.connection(),
  });
  const stored = await storeMany(accountOf(STORED), stage.workerd.processId);
  const counted = await Promise.all(
    CASES.map(async ({ name, ...about }) => ({
      ...about,
      usage: await usageOf(accountOf(name), about.client, stored.cpuMsPerRequest),
    })),
  );
  const bytes = {
    part: PART,
    what: "bytes that a video leaves in the ledger",
    beside: "with a prompt of 500 characters",
  };
  return {
    lines: [
      atMost(bytes, stored.bytes, Math.round(BYTES_PER_VIDEO * TIMES_THE_MANUAL), ""),
      ...counted.map(lineOf),
    ],
    notes: [`Counted, as costs.ts has it:\n${counted.map(writtenDown).join("\n")}`],
  };
};

interface Counted {
  readonly client: CostedClient;
  readonly doorbell: Doorbell;
  /** What the manual says. */
  readonly manual: Usage;
  readonly usage: Usage;
}

function lineOf({ client, doorbell, manual, usage }: Counted): Line {
  const dollars = (used: Usage) => monthlyCost(used, VIDEOS, BYTES_PER_VIDEO, KEPT_DAYS);
  const { workerRequests, objectRequests, objectGbSeconds, rowsRead, rowsWritten } = usage;
  const beside = `${workerRequests} requests, ${rounded(objectRequests)} to the object, ${rounded(objectGbSeconds)} GB-s, ${rowsWritten} rows written, ${rowsRead} read`;
  const what = `$ for a million videos a month, the client ${client}, the doorbell is ${doorbell}`;
  const limit = Math.ceil(dollars(manual) * TIMES_THE_MANUAL);
  return atMost({ part: PART, what, beside }, dollars(usage), limit, " $");
}

const writtenDown = ({ client, doorbell, usage }: Counted): string =>
  `  ${client}, ${doorbell}: { ${ITEMS.map((item) => `${item}: ${Number(usage[item].toFixed(2))}`).join(", ")} }`;
