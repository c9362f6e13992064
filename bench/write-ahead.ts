import { WITH_DOORBELL } from "./deployments.ts";
import { ENDLESS_MS, ring, submitVideo } from "./generation.ts";
import { openClient } from "./mcp-client.ts";
import { compare } from "./measure.ts";
import { atMost, rounded } from "./report.ts";
import { type Bench, type Part, setStage } from "./stage.ts";
import { buildVariant } from "./worker-build.ts";

const UPSTREAM_MS = 20;
const MOST_SHARE = 10;
/** Each takes as long as the upstream, so that a thousand would take a minute. */
const WARM_UP_CALLS = 150;

/**
 * What it costs to write the row before the request: the Worker against a variant of it that writes the same row when
 * the answer is there. Nothing else differs, so the checks, the protocol and the row itself are on both sides; the share
 * is of the upstream's own time, which the slowest of computers does not change.
 */
export const writeAhead: Part = async (bench) => {
  const rounds = { rounds: bench.isQuick ? 10 : 40, callsPerRound: 10, warmUpCalls: WARM_UP_CALLS };
  await using before = await submitter(bench);
  await using after = await submitter({
    ...bench,
    built: await buildVariant("written-after", bench.scratchFolder),
  });
  const compared = await compare(after.submit, before.submit, rounds);
  const beside = `${rounded(compared.differenceMs)} ms of ${UPSTREAM_MS} ms: p50 ${rounded(compared.p50Ms)} ms; with the row written after the answer ${rounded(compared.referenceP50Ms)} ms`;
  const what = "the row before the request, of the upstream's time";
  const share = (compared.differenceMs / UPSTREAM_MS) * 100;
  return { lines: [atMost({ part: "write-ahead", what, beside }, share, MOST_SHARE, " %")] };
};

/** An account of a Worker of its own that orders one video after the other. */
async function submitter(bench: Bench): Promise<AsyncDisposable & { submit: () => Promise<unknown> }> {
  const setup = { veo: { generationMs: ENDLESS_MS, variables: WITH_DOORBELL } };
  const stage = await setStage(bench, setup);
  const url = stage.workerd.mcpUrl("veo");
  const { simulator } = stage.upstreams.veo;
  const connection = stage.connection();
  const client = await openClient("2026-07-28", connection, url);
  // Once a ring was heard, no look is due before two minutes: nothing but orders is measured.
  await ring(simulator, [(await submitVideo(url, connection, client)).taskId]);
  simulator.inject({ kind: "latency", match: "paid", times: "forever", latencyMs: UPSTREAM_MS });
  return {
    submit: () => submitVideo(url, connection, client),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}
