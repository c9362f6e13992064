/** Variables of a deployment that is measured; an empty one is as good as none. */
export type Variables = Readonly<Record<string, string>>;

export const ACCESS_KEY = "bench-access-key-0001";
export const UPSTREAM_TOKEN = "bench-token";

/** One owner, who pays for everything: what runs unless something else is asked for. */
export const PERSONAL: Variables = { ACEDATACLOUD_API_TOKEN: UPSTREAM_TOKEN, MCP_ACCESS_KEY: ACCESS_KEY };

/** Everybody brings a key of the upstream, and has an account of their own. */
export const EVERYBODY_PAYS: Variables = {
  AUTH_MODE: "passthrough",
  ACEDATACLOUD_API_TOKEN: "",
  MCP_ACCESS_KEY: "",
};
/** @returns the key of an account of `EVERYBODY_PAYS`. */
export const keyOf = (account: number | string): string => `bench-key-of-account-${account}`;

/** Has the upstream ring when a task is over, although this machine cannot be reached from outside. */
export const WITH_DOORBELL: Variables = {
  CALLBACKS: "on",
  SECRET_KEY: "a-secret-of-the-benchmark-and-of-nobody-else",
};
