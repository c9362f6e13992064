import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import { consentPage } from "../../src/auth/consent-page.ts";
import type { Configuration } from "../../src/config/configuration.ts";
import { flat, htmlOf } from "./markup.ts";

/** An app with a metadata document. */
export const CLAUDE: ConsentDescription = {
  clientId: "https://claude.ai/oauth/mcp",
  clientName: "Claude",
  clientDomain: "claude.ai",
  clientUri: "https://client.test/about",
  logoUri: "https://client.test/logo.png",
  redirectUri: "https://claude.ai/api/mcp/auth_callback",
  redirectHost: "claude.ai",
  redirectIsLoopback: false,
  scope: ["veo"],
};
const { clientDomain: _, ...registered } = CLAUDE;
/** An app that registered itself. */
export const REGISTERED: ConsentDescription = registered;
/** One that runs on the person's computer. */
export const LOCAL: ConsentDescription = {
  ...REGISTERED,
  redirectUri: "http://127.0.0.1:53682/callback",
  redirectHost: "127.0.0.1",
  redirectIsLoopback: true,
};

/** The consent page of a deployment, for Claude unless something is told otherwise. */
export const consent = async (
  { access }: Configuration,
  details: Partial<ConsentDescription> = {},
  problem?: string,
) => flat(await htmlOf(consentPage({ details: { ...CLAUDE, ...details }, handle: "h", access, problem })));
