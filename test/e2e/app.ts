import { randomUUID } from "node:crypto";
import type { OAuthClientProvider as ModernProvider } from "@modelcontextprotocol/client";
import type {
  OAuthClientProvider as LegacyProvider,
  OAuthDiscoveryState,
} from "@modelcontextprotocol/sdk/client/auth.js";
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import { z } from "zod";

const metadataSchema = z.looseObject({ revocation_endpoint: z.url() });

/**
 * An app in which somebody signs in. Everything about OAuth is done by the SDK, of either generation; what is left to
 * an app is to remember, and to open the browser.
 */
export class App implements LegacyProvider, ModernProvider {
  readonly redirectUrl = "http://127.0.0.1:41234/callback";
  readonly clientMetadata: OAuthClientMetadata;
  #information: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = "";
  #state = "";
  #request: URL | undefined;

  constructor(name: string) {
    this.clientMetadata = {
      client_name: name,
      redirect_uris: [this.redirectUrl],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    };
  }

  /** @returns the address that the SDK wants opened in a browser; fails when it wants none. */
  takeRequest(): URL {
    const request = this.#request;
    this.#request = undefined;
    if (request === undefined) throw new Error("The app was not asked to sign anybody in.");
    return request;
  }

  /** @returns the code in the address that the browser came back to; fails when it answers another request. */
  codeIn(callback: URL): string {
    const { code, state } = Object.fromEntries(callback.searchParams);
    if (code === undefined || state !== this.#state)
      throw new Error(`This is no answer to the app's request: ${callback}`);
    return code;
  }

  get accessToken(): string {
    return this.#signedIn().access_token;
  }

  get refreshToken(): string {
    const { refresh_token: token } = this.#signedIn();
    if (token === undefined) throw new Error("There is no refresh token.");
    return token;
  }

  /** Puts a token in place of the access token that is as unknown to the server as one that has expired. */
  expireAccessToken(): void {
    this.#tokens = { ...this.#signedIn(), access_token: `${this.accessToken.slice(0, -8)}-expired` };
  }

  /** Signs out: gives the tokens back to the server (RFC 7009), for which the SDKs have no method. */
  async revoke(): Promise<Response> {
    const { revocation_endpoint: endpoint } = metadataSchema.parse(
      this.#discovery?.authorizationServerMetadata,
    );
    const body = new URLSearchParams({
      client_id: this.#information?.client_id ?? "",
      token: this.refreshToken,
      token_type_hint: "refresh_token",
    });
    return fetch(endpoint, { method: "POST", body });
  }

  state(): string {
    this.#state = randomUUID();
    return this.#state;
  }
  redirectToAuthorization(request: URL): void {
    this.#request = request;
  }
  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#information;
  }
  saveClientInformation(information: OAuthClientInformationMixed): void {
    this.#information = information;
  }
  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }
  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    if (scope === "all" || scope === "client") this.#information = undefined;
    if (scope === "all" || scope === "tokens") this.#tokens = undefined;
    if (scope === "all" || scope === "discovery") this.#discovery = undefined;
  }

  #signedIn(): OAuthTokens {
    if (this.#tokens === undefined) throw new Error("Nobody is signed in.");
    return this.#tokens;
  }
}
