import type { Caller } from "../../src/agent/caller.ts";
import { ownerOfUpstreamKey } from "../../src/auth/upstream-key.ts";
import type { Variables } from "../../src/config/variables.ts";

/** What one generation costs, as all of them are ordered here. */
export const PRICE = 2.5;

/** A deployment to break: every kind in which the ledger behaves differently. */
export interface Deployment {
  name: string;
  variables: Variables;
  callers: readonly [Caller, ...Caller[]];
  /** Whether a lost submission may be found by what was asked for. */
  ownsToken: boolean;
  /** How long the upstream's list takes to show a new task. */
  listLagMs: number;
}

/** What costs more than a day may. */
export const TOO_DEAR = { model: "veo31", resolution: "4k" };

/** Limits that nothing else reaches, so that everything is counted everywhere. */
const LIMITS: Variables = {
  ACEDATACLOUD_API_BASE_URL: "https://upstream.test",
  LOG_LEVEL: "error",
  MAX_TASKS_IN_FLIGHT: "50",
  DAILY_GENERATION_LIMIT: "50",
  TEAM_MAX_TASKS_IN_FLIGHT: "50",
  MAX_CREDITS_PER_DAY: "1000",
  VEO_PRICES: JSON.stringify({ "text2video:veo31-fast": PRICE, "text2video:veo31:4k": 1001 }),
};
/** From which the callback addresses are made. */
export const SECRET_KEY = "secret-key-of-the-tests-0123456789-0123456789";
const WITH_CALLBACKS: Variables = { SECRET_KEY };
const PAID_BY_OWNER: Variables = { ACEDATACLOUD_API_TOKEN: "upstream-token-of-the-tests-0123456789" };

export const PERSONAL: Deployment = {
  name: "personal, without a callback address",
  variables: { ...LIMITS, ...PAID_BY_OWNER, MCP_ACCESS_KEY: "access-key-of-the-tests-0123456789" },
  callers: [{ account: "owner", ownsToken: true }],
  ownsToken: true,
  listLagMs: 0,
};
export const TEAM: Deployment = {
  name: "team, without a callback address",
  variables: {
    ...LIMITS,
    ...PAID_BY_OWNER,
    GITHUB_CLIENT_ID: "client",
    GITHUB_CLIENT_SECRET: "secret",
    ALLOWED_GITHUB_USERS: "ada, bob",
  },
  callers: [
    { account: "github-11", ownsToken: false },
    { account: "github-22", ownsToken: false },
  ],
  ownsToken: false,
  listLagMs: 0,
};
const KEY = "key-of-somebody-0123456789abcdef";
const PASSTHROUGH: Deployment = {
  name: "passthrough, without a callback address",
  variables: { ...LIMITS, AUTH_MODE: "passthrough" },
  callers: [{ account: ownerOfUpstreamKey(KEY).account, ownsToken: true, upstreamToken: KEY }],
  ownsToken: true,
  listLagMs: 0,
};
const withCallbacks = (name: string, deployment: Deployment): Deployment => ({
  ...deployment,
  name,
  variables: { ...deployment.variables, ...WITH_CALLBACKS },
  // The upstream rings for what its list does not have yet.
  listLagMs: 45_000,
});

export const PERSONAL_WITH_CALLBACKS = withCallbacks("personal, with a callback address", PERSONAL);
export const TEAM_WITH_CALLBACKS = withCallbacks("team, with a callback address", TEAM);
export const PASSTHROUGH_WITH_CALLBACKS = withCallbacks("passthrough, with a callback address", PASSTHROUGH);
