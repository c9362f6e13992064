import type { ErrorAnswer } from "./wire.ts";

interface RefusedToken extends ErrorAnswer {
  readonly token: string;
  /** Task queries are free, so an empty balance stops paid calls only. */
  readonly paidCallsOnly: boolean;
}

/** Tokens that the simulator refuses, each in its own way; every other token is an account with money. */
export const SIMULATOR_TOKENS: readonly RefusedToken[] = [
  refused("sim-invalid", 401, "invalid_token", "The token is invalid."),
  refused("sim-expired", 401, "token_expired", "The token has expired."),
  refused("sim-mismatched", 401, "token_mismatched", "The token does not match this API."),
  refused("sim-mismatched-400", 400, "token_mismatched", "The token does not match this API."),
  refused("sim-disabled", 400, "disabled", "The account is disabled."),
  refused("sim-used-up", 403, "used_up", "The balance is used up.", true),
];

/** The refusal that a token gets, or undefined when it is welcome. `onlyToken`: every other one is invalid. */
export function refusalOf(
  token: string | null,
  paid: boolean,
  onlyToken: string | undefined,
): ErrorAnswer | undefined {
  if (token === null) return { status: 400, code: "no_token", message: "No token was given." };
  const known = SIMULATOR_TOKENS.find((entry) => entry.token === token);
  if (known !== undefined) return known.paidCallsOnly && !paid ? undefined : known;
  if (onlyToken === undefined || token === onlyToken) return undefined;
  return { status: 401, code: "invalid_token", message: "The token is invalid." };
}

function refused(
  token: string,
  status: number,
  code: string,
  message: string,
  paidCallsOnly = false,
): RefusedToken {
  return { token, status, code, message, paidCallsOnly };
}
