import { once } from "node:events";
import { createServer } from "node:net";
import { discoverOAuthServerInfo, registerClient } from "@modelcontextprotocol/client";
import { Browser, type Consent } from "../e2e/browser.ts";
import { runCommand } from "../e2e/run-command.ts";
import { readReports, type ScenarioReport, SUITE } from "./conformance-suite.ts";

export interface AuthorizationRun {
  readonly mcpUrl: URL;
  readonly revision: string;
  /** How the person answers whom the command sends to the authorization server. */
  readonly consent: Consent;
  /** Takes the results. */
  readonly directory: string;
}

/**
 * Runs the scenarios of `@modelcontextprotocol/conformance` about authorization servers, all in one command: the
 * second needs what the first has found. The command prints an address, and waits until somebody has signed in there
 * and has come back to its own port, which has to be registered before.
 */
export async function runAuthorizationScenarios(run: AuthorizationRun): Promise<ScenarioReport[]> {
  const { mcpUrl, revision, consent, directory } = run;
  const { authorizationServerUrl, authorizationServerMetadata: metadata } =
    await discoverOAuthServerInfo(mcpUrl);
  const port = await freePort();
  const { client_id: clientId } = await registerClient(authorizationServerUrl, {
    clientMetadata: {
      client_name: "Conformance suite",
      redirect_uris: [`http://127.0.0.1:${port}/callback`],
      token_endpoint_auth_method: "none",
    },
    ...(metadata !== undefined && { metadata }),
  });
  const server = ["--url", authorizationServerUrl, "--resource", mcpUrl.href, "--client-id", clientId];
  const flags = ["--port", String(port), "--spec-version", revision, "-o", directory];
  const failed = new AbortController();
  let printed = "";
  let isVisited = false;
  const result = await runCommand(SUITE, ["authorization", ...server, ...flags], {
    directory,
    signal: failed.signal,
    onOutput(text) {
      printed += text;
      const [, address] = /^(http\S+[?]response_type=\S+)\n/m.exec(printed) ?? [];
      if (address === undefined || isVisited) return;
      isVisited = true;
      visit(new URL(address), consent).catch((error: unknown) => failed.abort(error));
    },
  });
  return readReports(result);
}

async function visit(authorizationUrl: URL, consent: Consent): Promise<void> {
  const callback = await new Browser().answer(authorizationUrl, consent);
  await fetch(callback);
}

/** @returns a port that is free now; the command cannot choose one by itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("There is no free port.");
  return address.port;
}
