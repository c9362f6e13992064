import { jsonResponse } from "../simulator/wire.ts";
import {
  type AuthorizationOptions,
  type ConfidentialClient,
  createAuthorization,
  type Grant,
  type Refusal,
  type SignIn,
} from "./authorization.ts";
import { randomText } from "./encoding.ts";
import { bearerOf, createSites, type Handler, type IdentityFake } from "./site.ts";

export interface GithubPerson {
  /** What a person is known by: a login can be given up, and taken by somebody else. */
  readonly id: number;
  readonly login: string;
  readonly type?: "User" | "Bot";
  /** By the login of the organisation. */
  readonly memberships?: Readonly<Record<string, "active" | "pending">>;
}

export interface FakeGithubOptions extends AuthorizationOptions {
  readonly webUrl?: string;
  readonly apiUrl?: string;
  readonly clientSecret?: string;
}

export interface FakeGithub extends IdentityFake, SignIn<GithubPerson, ConfidentialClient> {
  readonly webUrl: string;
  readonly apiUrl: string;
}

/** GitHub names its errors otherwise than the standard does. */
const ERROR_OF_REFUSAL: Record<Refusal, string> = {
  request: "bad_verification_code",
  client: "incorrect_client_credentials",
  secret: "incorrect_client_credentials",
  grant_type: "unsupported_grant_type",
  code: "bad_verification_code",
  redirect_uri: "redirect_uri_mismatch",
  verifier: "bad_verification_code",
};
/** Any of these lets a token see memberships that are not public. */
const MEMBERSHIP_SCOPES = ["user", "read:org", "write:org", "admin:org"];

/** A stand-in for GitHub: its OAuth apps, and the little of its API that tells who somebody is. */
export function createFakeGithub(options: FakeGithubOptions = {}): FakeGithub {
  let { webUrl = "https://github.test", apiUrl = "https://api.github.test" } = options;
  const { authorize, redeem, ...signIn } = createAuthorization<GithubPerson, ConfidentialClient>(options, {
    id: options.clientId ?? "github-client-of-the-tests",
    secret: options.clientSecret ?? "github-secret-of-the-tests-0123456789",
  });
  const grants = new Map<string, Grant<GithubPerson>>();

  /** What the API asks of every request before it looks at the path. */
  const withGrant =
    (answer: (grant: Grant<GithubPerson>, last: string) => Response): Handler =>
    (request, last) => {
      if (!request.headers.has("user-agent")) {
        return new Response("Request forbidden by administrative rules.", { status: 403 });
      }
      const grant = grants.get(bearerOf(request) ?? "");
      return grant === undefined ? apiError(401, "Bad credentials") : answer(grant, last);
    };

  const web: Record<string, Handler> = {
    "GET /login/oauth/authorize": (request) => authorize(request),
    "POST /login/oauth/access_token": async (request) => {
      const wantsJson = request.headers.get("accept")?.includes("json") === true;
      const redemption = await redeem(request);
      if (!redemption.ok) return tokenAnswer(wantsJson, errorOf(redemption.refusal));
      const token = `gho_${randomText()}`;
      grants.set(token, redemption.grant);
      const scope = redemption.grant.scopes.join(",");
      return tokenAnswer(wantsJson, { access_token: token, token_type: "bearer", scope });
    },
  };
  const api: Record<string, Handler> = {
    "GET /user": withGrant(({ person: { id, login, type = "User" } }) => jsonResponse({ id, login, type })),
    "GET /user/memberships/orgs/:last": withGrant(({ person, scopes }, org) => {
      if (!scopes.some((scope) => MEMBERSHIP_SCOPES.includes(scope))) {
        return apiError(403, "You need at least read:org scope or user scope to get your membership.");
      }
      const isAsked = (login: string) => login.toLowerCase() === org.toLowerCase();
      const found = Object.entries(person.memberships ?? {}).find(([login]) => isAsked(login));
      if (found === undefined) return apiError(404, "Not Found");
      const [login, state] = found;
      return jsonResponse({ state, role: "member", organization: { login } });
    }),
  };

  return {
    ...createSites([
      { base: () => webUrl, routes: web },
      { base: () => apiUrl, routes: api },
    ]),
    ...signIn,
    get webUrl() {
      return webUrl;
    },
    get apiUrl() {
      return apiUrl;
    },
    moveTo(origin) {
      webUrl = origin;
      apiUrl = origin;
    },
  };
}

/** Errors come with status 200, too; and everything is a form unless JSON is asked for. */
function tokenAnswer(wantsJson: boolean, answer: Record<string, string>): Response {
  if (wantsJson) return jsonResponse(answer);
  return new Response(new URLSearchParams(answer).toString(), {
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
  });
}

function errorOf(refusal: Refusal): Record<string, string> {
  return { error: ERROR_OF_REFUSAL[refusal], error_description: `refused because of: ${refusal}` };
}

function apiError(status: number, message: string): Response {
  return jsonResponse(
    { message, documentation_url: "https://docs.github.test/rest", status: `${status}` },
    status,
  );
}
