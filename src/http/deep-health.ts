import { version } from "../../package.json";
import type { Bindings } from "../agent/bindings.ts";
import type { Caller } from "../agent/caller.ts";
import type { Configuration } from "../config/configuration.ts";
import { describeError } from "../error-words.ts";
import type { Log } from "../log.ts";

/** Where a deployment with one token for everybody asks the upstream: one object, so that everybody asks once. */
const SHARED = "health";

/** What `/health?deep=…` asks for. Any other value is refused: a monitor must not take the cheap answer for the other. */
export type Depth = "cheap" | "deep" | "unclear";
export function depthOf({ searchParams }: URL): Depth {
  const asked = searchParams.getAll("deep");
  if (asked.length === 0 || asked.every((value) => value === "0")) return "cheap";
  return asked.every((value) => value === "1") ? "deep" : "unclear";
}

/**
 * `GET /health?deep=1`, for whom was let in: whether the upstream answers, asked at most once a minute.
 * @returns 200 where it does, 503 where it does not, and what it said.
 */
export async function deepHealth(
  env: Bindings,
  { account, upstreamToken, ...caller }: Caller,
  { access, upstreamToken: deploymentToken }: Configuration,
  log: Log,
): Promise<Response> {
  const startedAtMs = Date.now();
  const isShared = deploymentToken !== undefined;
  const agent = env.VEO_AGENT.getByName(isShared ? SHARED : account);
  const { failure, checkedAtMs } = await agent.checkUpstream(
    isShared || upstreamToken === undefined ? { account, ...caller } : { account, ...caller, upstreamToken },
  );
  const said = failure && describeError({ kind: "upstream", failure }, isShared ? "operator" : "caller");
  // Of a monitor that asks every ten seconds; the question to the upstream has a line of its own.
  log("debug", "health_check", { outcome: said?.code ?? "ok", duration_ms: Date.now() - startedAtMs });
  const upstream = {
    status: said === undefined ? "ok" : "trouble",
    checked_at: new Date(checkedAtMs).toISOString(),
    ...(said !== undefined && { code: said.code, what: said.what, next_step: said.nextStep }),
  };
  const status = said === undefined ? "ok" : "degraded";
  return Response.json(
    { status, name: "veo-mcp", version, mode: access.mode, upstream },
    { status: said === undefined ? 200 : 503, headers: { "cache-control": "no-store" } },
  );
}
