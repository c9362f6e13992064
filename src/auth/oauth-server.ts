import {
  ExternalTokenError,
  getOAuthApi,
  insufficientScope,
  OAuthError,
  OAuthProvider,
  type OAuthProviderOptions,
} from "@cloudflare/workers-oauth-provider";
import { z } from "zod";
import type { Caller } from "../agent/caller.ts";
import type { Configuration } from "../config/configuration.ts";
import type { AuthBindings } from "./bindings.ts";
import { ENDPOINTS, oauthError } from "./oauth-endpoints.ts";
import { OAuthStorage } from "./oauth-storage.ts";
import { callerOf, isAdmitted, type Props, propsSchema } from "./props.ts";
import { SCOPE, type SignInBindings, type SignInContext } from "./sign-in-context.ts";
import { CLIENT_TTL_SECONDS, LIFETIMES } from "./sign-in-limits.ts";
import { serveTokenRequest } from "./token-request.ts";
import { checkUpstreamKey, recallVerdict } from "./upstream-key.ts";

/** What stands behind the authorization server. */
export interface OAuthHandlers {
  /** `/mcp`, for somebody who is signed in. */
  mcp(request: Request, env: AuthBindings, caller: Caller): Promise<Response>;
  /** Every page. */
  pages(request: Request, env: SignInBindings, ctx: ExecutionContext): Response | Promise<Response>;
}

export interface OAuthServer {
  fetch(request: Request, env: AuthBindings, ctx: ExecutionContext): Promise<Response>;
}

/** The bindings as the library wants them: its storage under the name it looks for. */
interface ProviderBindings extends AuthBindings {
  OAUTH_KV: OAuthStorage;
}

/** What the library adds to the execution context of a request whose token is good. */
const resourceContextSchema = z.object({
  props: z.unknown(),
  auth: z.object({ token: z.string(), audience: z.string(), scope: z.array(z.string()) }),
});

/** Each origin that a deployment is reached under has a server of its own; more are not in use at one time. */
const MAX_ORIGINS = 16;
const servers = new WeakMap<Configuration, Map<string, OAuthServer>>();

/**
 * The authorization server of a deployment under one origin. Its `resource` is fixed when it is made, but a Worker
 * learns its host only from the request; and it is never kept for less than the configuration, since an isolate
 * outlives deploys that change only variables, and an old allow-list would stay in force.
 */
export function oauthServerFor(
  context: SignInContext,
  handlersFor: (context: SignInContext) => OAuthHandlers,
): OAuthServer {
  const byOrigin = servers.get(context.configuration) ?? new Map<string, OAuthServer>();
  servers.set(context.configuration, byOrigin);
  const known = byOrigin.get(context.origin);
  if (known !== undefined) return known;
  if (byOrigin.size >= MAX_ORIGINS) byOrigin.clear();
  const server = createOAuthServer(context, handlersFor(context));
  byOrigin.set(context.origin, server);
  return server;
}

function createOAuthServer(
  { configuration, origin, log, noteRefusal }: SignInContext,
  handlers: OAuthHandlers,
): OAuthServer {
  const admitted = (props: unknown): Props | undefined => {
    const parsed = propsSchema.safeParse(props);
    return parsed.success && isAdmitted(configuration, parsed.data) ? parsed.data : undefined;
  };
  const options: OAuthProviderOptions<ProviderBindings> = {
    apiRoute: ENDPOINTS.mcp,
    apiHandler: {
      async fetch(request, env, ctx) {
        const { props: signedIn, auth } = resourceContextSchema.parse(ctx);
        const props = admitted(signedIn);
        if (props === undefined) {
          noteRefusal({ reason: "withdrawn" });
          return withdrawn(origin);
        }
        if (!auth.scope.includes(SCOPE)) return insufficientScope(auth, [SCOPE]);
        return handlers.mcp(request, env, callerOf(configuration.access, props));
      },
    },
    defaultHandler: {
      fetch: (request, env, ctx) =>
        handlers.pages(request, { ...env, OAUTH_PROVIDER: getOAuthApi(options, env) }, ctx),
    },
    authorizeEndpoint: ENDPOINTS.authorize,
    tokenEndpoint: ENDPOINTS.token,
    clientRegistrationEndpoint: ENDPOINTS.register,
    clientIdMetadataDocumentEnabled: true,
    resourceMetadata: {
      resource: `${origin}${ENDPOINTS.mcp}`,
      authorization_servers: [origin],
      bearer_methods_supported: ["header"],
      resource_name: "Veo MCP",
    },
    requiredScopes: [SCOPE],
    scopesSupported: [SCOPE, "offline_access"],
    ...LIFETIMES[configuration.access.mode === "team" ? "team" : "alone"],
    clientRegistrationTTL: CLIENT_TTL_SECONDS,
    cookiePrefix: "__Host-veo-",
    // At every exchange and refresh: the library revokes the grant of whoever is refused here.
    tokenExchangeCallback: async ({ props }) => {
      const person = admitted(props);
      const key = person?.upstreamToken;
      // A key that was taken back at AceDataCloud ends the sign-ins that were made with it.
      const isKeyRefused =
        key !== undefined && (await checkUpstreamKey(key, configuration, log)) === "refused";
      if (person === undefined || isKeyRefused)
        throw new OAuthError("invalid_grant", { description: WITHDRAWN });
    },
    ...(hasKeysOfCallers(configuration) && {
      // Lets nobody in. The door has asked about the key by now, and what was answered is said in the library's place.
      async resolveExternalToken({ token }) {
        if (recallVerdict(token, configuration) !== "refused") return null;
        const headers = { "www-authenticate": challenge(origin, KEY_REFUSED) };
        throw new ExternalTokenError("invalid_token", { description: KEY_REFUSED, statusCode: 401, headers });
      },
    }),
    onError: ({ code, internal: { category, reason } }) => noteRefusal({ code, category, reason }),
  };
  const provider = new OAuthProvider(options);
  return {
    fetch(request, env, ctx) {
      // A copy of the bindings: the library keeps its helpers on them, and they would pin the first origin.
      const bindings = { ...env, OAUTH_KV: new OAuthStorage(env.OAUTH_STORE) };
      return serveTokenRequest(request, env.OAUTH_STORE, (copy) =>
        provider.fetch(copy, { ...bindings }, ctx),
      );
    },
  };
}

const hasKeysOfCallers = ({ access }: Configuration): boolean =>
  access.mode === "passthrough" || access.mode === "acedata";

const KEY_REFUSED = "AceDataCloud does not accept this key";
const WITHDRAWN = "Access was withdrawn: sign in again";

/** RFC 6750, section 3; the library's own has no description. */
const challenge = (origin: string, description: string): string =>
  `Bearer realm="OAuth", resource_metadata="${origin}${ENDPOINTS.resourceMetadata}", error="invalid_token", error_description="${description}", scope="${SCOPE}"`;

/** The library has no word for a token that is good but whose owner is not let in any more. */
const withdrawn = (origin: string): Response =>
  oauthError(401, "invalid_token", WITHDRAWN, { "www-authenticate": challenge(origin, WITHDRAWN) });
