import { AUTH_MODES, type AuthMode, authModeOf } from "../../src/config/access.ts";
import { isLoopback } from "../../src/config/values.ts";
import type { VariableName, Variables } from "../../src/config/variables.ts";

interface StandIns {
  /** Only called where there is no key. */
  accessKey: () => string;
  secretKey: () => string;
  simulatorUrl: string;
}

interface Completion {
  mode: AuthMode;
  /** Whether the real API is called. */
  isReal: boolean;
  /** Variables over those that are given. */
  added: Readonly<Partial<Record<VariableName, string>>>;
}

/** @returns what `npm start` adds to variables, so that a server runs on this machine. */
export function completion(given: Variables, { accessKey, secretKey, simulatorUrl }: StandIns): Completion {
  const isSet = (name: VariableName) => Boolean(given[name]);
  const mode = authModeOf(
    AUTH_MODES.find((name) => name === given.AUTH_MODE),
    isSet,
  );
  const paysForThemselves = mode === "passthrough" || mode === "acedata";
  // Where everybody brings a key there is no token to tell by: the real API is named.
  const isReal = isSet(paysForThemselves ? "ACEDATACLOUD_API_BASE_URL" : "ACEDATACLOUD_API_TOKEN");
  return {
    mode,
    isReal,
    added: {
      ...(mode === "personal" && !isSet("MCP_ACCESS_KEY") && { MCP_ACCESS_KEY: accessKey() }),
      ...(!isReal && { ACEDATACLOUD_API_BASE_URL: simulatorUrl }),
      // The simulator takes any token. Not a word that its answers have: the token is cut out of those.
      ...(!isReal && !paysForThemselves && { ACEDATACLOUD_API_TOKEN: "simulated-upstream-token" }),
      // It runs beside us and can ring, which the real one cannot on this machine.
      ...(!isReal && !isSet("SECRET_KEY") && { SECRET_KEY: secretKey() }),
      ...(!isReal && !isSet("CALLBACKS") && { CALLBACKS: "on" }),
      // The name of the deployed server: under it, this machine would refuse every request.
      ...(isElsewhere(given.PUBLIC_URL) && { PUBLIC_URL: "" }),
    },
  };
}

const isElsewhere = (address: unknown): boolean =>
  typeof address === "string" && URL.canParse(address) && !isLoopback(new URL(address).hostname);
