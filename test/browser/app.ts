import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import * as oauth from "openid-client";
import { type FetchServer, serveFetch } from "../fetch-server.ts";

/** An app that somebody connects to the server: a public client that listens on this machine (RFC 8252). */
export interface App {
  /** Where its own pages are, without a slash at the end. */
  readonly url: string;
  /** An authorization request, to be opened in a browser. */
  begin(): Promise<SignIn>;
  /** A page of the app that opens an address in a popup at a click, and shows what comes back from there. */
  popupOpener(address: string): string;
  /** A page of the app with an address in a frame. */
  frame(address: string): string;
  close(): Promise<void>;
}

export interface SignIn {
  readonly address: string;
  /** Where the browser was sent back to, once it was. */
  readonly back: Promise<URL>;
  /** Exchanges the code that came back, and asks for the tools with the token; fails when there is no code. */
  toolsOf(back: URL): Promise<string[]>;
}

export interface AppOptions {
  name?: string;
  /** Under which name of this machine it is: `localhost` and `127.0.0.1` are two sites to a browser. */
  host?: "localhost" | "127.0.0.1";
}

/** Starts an app and registers it, all with `openid-client`, which checks what it is told. */
export async function startApp(
  serverOrigin: string,
  { name = "Test app", host = "127.0.0.1" }: AppOptions = {},
): Promise<App> {
  const waiting = new Map<string, (back: URL) => void>();
  const server = await serveFetch(async (request) => answer(new URL(request.url), waiting), { port: 0 });
  const url = server.url.replace("127.0.0.1", host);
  const redirectUri = `${url}/callback`;
  const configuration = await register(
    serverOrigin,
    { client_name: name, redirect_uris: [redirectUri] },
    server,
  );
  return {
    url,
    async begin() {
      const verifier = oauth.randomPKCECodeVerifier();
      const state = oauth.randomState();
      const resource = `${serverOrigin}/mcp`;
      const { promise, resolve } = Promise.withResolvers<URL>();
      waiting.set(state, resolve);
      const address = oauth.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: "veo",
        state,
        resource,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return {
        address: address.href,
        back: promise,
        async toolsOf(back) {
          const checks = { pkceCodeVerifier: verifier, expectedState: state };
          const tokens = await oauth.authorizationCodeGrant(configuration, back, checks, { resource });
          return listTools(new URL(resource), tokens.access_token);
        },
      };
    },
    popupOpener: (address) => `${url}/opener?${new URLSearchParams({ address })}`,
    frame: (address) => `${url}/frame?${new URLSearchParams({ address })}`,
    close: () => server.close(),
  };
}

async function register(
  serverOrigin: string,
  metadata: Partial<oauth.ClientMetadata>,
  server: FetchServer,
): Promise<oauth.Configuration> {
  const registration = { ...metadata, token_endpoint_auth_method: "none" };
  try {
    return await oauth.dynamicClientRegistration(new URL(serverOrigin), registration, oauth.None(), {
      algorithm: "oauth2",
      execute: [oauth.allowInsecureRequests],
    });
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function listTools(mcpUrl: URL, token: string): Promise<string[]> {
  const client = new Client({ name: "browser-app", version: "1.0.0" });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(mcpUrl, { requestInit }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
}

/** The pages of the app. In a popup, the last one tells the page that opened it what came back. */
function answer(url: URL, waiting: ReadonlyMap<string, (back: URL) => void>): Response {
  const address = (url.searchParams.get("address") ?? "").replaceAll("&", "&amp;");
  switch (url.pathname) {
    case "/callback":
      waiting.get(url.searchParams.get("state") ?? "")?.(url);
      return page(`<h1>Back in the app</h1>
<script>opener?.postMessage(new URLSearchParams(location.search).has("code"), location.origin);</script>`);
    case "/opener":
      return page(`<button onclick="open('${address}', 'sign-in', 'popup')">Connect</button>
<output>not connected</output>
<script>
addEventListener("message", ({ data, origin }) => {
  if (origin === location.origin && data === true) document.querySelector("output").value = "connected";
});
</script>`);
    case "/frame":
      return page(`<iframe src="${address}"></iframe>`);
    default:
      return new Response(null, { status: 404 });
  }
}

const page = (body: string): Response =>
  new Response(`<!doctype html><html lang="en"><title>App</title>${body}`, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
