import type { IncomingMessage } from "node:http";
import {
  type MutableRedirectUri,
  type MutableResponse,
  type MutableToken,
  OAuth2Server,
  type TokenRequestIncomingMessage,
} from "oauth2-mock-server";
import { z } from "zod";
import type { ConfidentialClient } from "./authorization.ts";
import type { OidcPerson } from "./fake-oidc.ts";

export interface OidcServer {
  readonly issuer: string;
  readonly client: ConfidentialClient;
  /** Whoever comes to the authorization endpoint from now on is this person, and agrees. */
  signInAs(person: OidcPerson): void;
  stop(): Promise<void>;
}

const authorizeSchema = z.object({
  client_id: z.string(),
  redirect_uri: z.string(),
  code_challenge: z.string().regex(/^[\w-]{43}$/),
  code_challenge_method: z.literal("S256"),
});
const tokenSchema = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  redirect_uri: z.string(),
  code: z.string(),
  code_verifier: z.string(),
});

/**
 * An OpenID provider that others wrote, for tests over HTTP: it says whether ours is a fair one. It checks PKCE
 * only when the client uses it and knows no clients, so the rest of what production refuses is refused here.
 */
export async function startOidcServer(): Promise<OidcServer> {
  const client = { id: "oidc-client-of-the-tests", secret: "oidc-secret-of-the-tests-0123456789" };
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(0, "127.0.0.1");
  const issuer = server.issuer.url;
  if (issuer === undefined) throw new Error("the OpenID provider has no address");

  let signedIn: OidcPerson | undefined;
  const grants = new Map<string, { readonly person: OidcPerson; readonly redirectUri: string }>();
  const personOf = (code: string | undefined) => grants.get(code ?? "")?.person ?? {};

  server.service.on("beforeAuthorizeRedirect", ({ url }: MutableRedirectUri, request: IncomingMessage) => {
    const query = Object.fromEntries(new URL(request.url ?? "/", issuer).searchParams);
    const asked = authorizeSchema.safeParse(query);
    const code = url.searchParams.get("code");
    if (code === null) return;
    if (signedIn === undefined || !asked.success || asked.data.client_id !== client.id) {
      url.searchParams.delete("code");
      url.searchParams.set("error", signedIn === undefined ? "login_required" : "invalid_request");
      return;
    }
    grants.set(code, { person: signedIn, redirectUri: asked.data.redirect_uri });
  });
  server.service.on(
    "beforeTokenSigning",
    ({ payload }: MutableToken, { body }: TokenRequestIncomingMessage) => {
      Object.assign(payload, personOf(body.code));
    },
  );
  server.service.on("beforeResponse", (response: MutableResponse, { body }: TokenRequestIncomingMessage) => {
    const asked = tokenSchema.safeParse(body);
    const grant = grants.get(body.code ?? "");
    grants.delete(body.code ?? "");
    const isClient =
      asked.success && asked.data.client_id === client.id && asked.data.client_secret === client.secret;
    if (isClient && grant?.redirectUri === asked.data.redirect_uri) return;
    response.statusCode = isClient ? 400 : 401;
    response.body = { error: isClient ? "invalid_grant" : "invalid_client" };
  });

  return {
    issuer,
    client,
    signInAs(person) {
      signedIn = person;
    },
    stop: () => server.stop(),
  };
}
