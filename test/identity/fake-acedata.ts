import { jsonResponse } from "../simulator/wire.ts";
import {
  type Account,
  type Caller,
  LIST_SHAPES,
  type ListShape,
  newApplication,
  newCredential,
  platformRoutes,
} from "./acedata-platform.ts";
import { type AuthorizationOptions, type Client, createAuthorization, type SignIn } from "./authorization.ts";
import { base64url, randomText, signingInput } from "./encoding.ts";
import { bearerOf, createSites, type Handler, type IdentityFake } from "./site.ts";
import { tokenError } from "./token-error.ts";

const TOKEN_LIFETIME_S = 3600;

export interface AcedataPerson {
  readonly userId: string;
  /** The API tokens listed for the user, first one first. Left out: whatever the account has by now. */
  readonly credentials?: readonly string[];
  /** Applications, oldest first, each with the API tokens in it. Left out: whatever the account has by now. */
  readonly applications?: readonly (readonly string[])[];
}

/** What can be wrong with the token of a sign-in; the platform accepts it all the same. */
export type OddToken = "no-user-id" | "numeric-user-id" | "not-a-jwt" | "broken-payload";

export interface FakeAcedataOptions extends AuthorizationOptions {
  readonly authUrl?: string;
  readonly platformUrl?: string;
}

export interface FakeAcedata extends IdentityFake, SignIn<AcedataPerson> {
  readonly authUrl: string;
  readonly platformUrl: string;
  /** Wraps lists in one way; without it each list is wrapped in the next of them. */
  answerListsAs(shape: ListShape | "rotate"): void;
  /** Makes the token of the next sign-in an odd one. */
  oddTokenNext(kind: OddToken): void;
  /** What an account has by now. */
  accountOf(userId: string): Account;
}

/** A stand-in for AceDataCloud's login, and for the part of its platform that leads to an API token. */
export function createFakeAcedata(options: FakeAcedataOptions = {}): FakeAcedata {
  const { now = () => Date.now() } = options;
  let { authUrl = "https://auth.acedata.test", platformUrl = "https://platform.acedata.test" } = options;
  const { authorize, redeem, ...signIn } = createAuthorization<AcedataPerson, Client>(options, {
    id: options.clientId ?? "acedata-client-of-the-tests",
    secret: undefined,
  });
  const accounts = new Map<string, Account>();
  const callers = new Map<string, Caller>();
  const oddTokens: OddToken[] = [];
  let shape: ListShape | "rotate" = "rotate";
  let listsSeen = 0;

  const accountOf = (userId: string): Account => {
    const account = accounts.get(userId) ?? { credentials: [], applications: [] };
    accounts.set(userId, account);
    return account;
  };
  const auth: Record<string, Handler> = {
    "GET /oauth2/authorize": (request) => authorize(request),
    "POST /oauth2/token": async (request) => {
      const redemption = await redeem(request);
      if (!redemption.ok) return tokenError(redemption.refusal);
      const { person, scopes } = redemption.grant;
      const { userId } = person;
      const token = accessToken(userId, Math.floor(now() / 1000), oddTokens.shift());
      callers.set(token, { userId, account: accountOf(userId), scopes });
      return jsonResponse({
        access_token: token,
        token_type: "Bearer",
        expires_in: TOKEN_LIFETIME_S,
        scope: scopes.join(" "),
      });
    },
  };
  const platform = platformRoutes(
    (request) => callers.get(bearerOf(request) ?? ""),
    () => {
      if (shape !== "rotate") return shape;
      listsSeen += 1;
      return LIST_SHAPES[(listsSeen - 1) % LIST_SHAPES.length] ?? "array";
    },
  );

  return {
    ...createSites([
      { base: () => authUrl, routes: auth },
      { base: () => platformUrl, routes: platform },
    ]),
    ...signIn,
    signInAs(person) {
      const { credentials, applications } = accountOf(person.userId);
      if (person.credentials !== undefined) {
        credentials.splice(0, Infinity, ...person.credentials.map(newCredential));
      }
      if (person.applications !== undefined) {
        const made = person.applications.map((tokens) => newApplication(tokens.map(newCredential)));
        applications.splice(0, Infinity, ...made);
      }
      signIn.signInAs(person);
    },
    get authUrl() {
      return authUrl;
    },
    get platformUrl() {
      return platformUrl;
    },
    answerListsAs(chosen) {
      shape = chosen;
    },
    oddTokenNext: (kind) => void oddTokens.push(kind),
    accountOf,
    moveTo(origin) {
      authUrl = origin;
      platformUrl = origin;
    },
  };
}

/** Shaped like a JWT. Nobody but AceDataCloud can check its signature, so it is noise. */
function accessToken(userId: string, nowS: number, odd: OddToken | undefined): string {
  const header = { alg: "RS256", typ: "JWT" };
  const times = { iat: nowS, exp: nowS + TOKEN_LIFETIME_S, jti: crypto.randomUUID() };
  switch (odd) {
    case undefined:
      return `${signingInput(header, { ...times, user_id: userId })}.${randomText()}`;
    case "no-user-id":
      return `${signingInput(header, times)}.${randomText()}`;
    case "numeric-user-id":
      return `${signingInput(header, { ...times, user_id: Number(userId) })}.${randomText()}`;
    case "broken-payload":
      return `${base64url(JSON.stringify(header))}.${base64url("{")}.${randomText()}`;
    case "not-a-jwt":
      return randomText();
  }
}
