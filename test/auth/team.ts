import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { Variables } from "../../src/config/variables.ts";
import type { FakeGithub } from "../identity/fake-github.ts";
import type { FakeOidc } from "../identity/fake-oidc.ts";
import { callbackFrom } from "../identity/internet.ts";
import { ACCESS_KEY, ORIGIN, UPSTREAM_TOKEN, type World } from "../world.ts";
import { type Browser, createBrowser, handleOn, locationOf } from "./browser.ts";
import { callMcp, type OAuthClient, readTokens, registerClient, type Tokens } from "./oauth-client.ts";
import { createSignInWorld } from "./sign-in-world.ts";

export const CALLBACK = `${ORIGIN}/oauth/callback`;

type Provider = FakeGithub | FakeOidc;

/** How a sign-in ended, seen from the client, or from the person in front of a page. */
export type Outcome = { code: string } | { error: string } | { page: string; status: number };

/** A sign-in on its way: in a browser, between consent and the provider's answer. */
export interface Journey {
  browser: Browser;
  state: string;
  verifier: string;
  /** Where the browser was sent after consent. */
  away: URL;
}

/** A deployment in team mode, all of whose answers and log lines are kept. */
export interface Team extends Pick<World, "fetch"> {
  world: World;
  client: OAuthClient;
  /** From the authorization request to the redirect that follows consent. */
  depart(browser?: Browser): Promise<Journey>;
  /** From the provider, where whoever is signed in agrees, back to our callback. */
  comeBack(journey: Journey): Promise<URL>;
  /** What an answer to the browser means; fails where a redirect is not an answer to this journey's request. */
  outcomeOf(journey: Journey, answer: Response): Promise<Outcome>;
  /** The whole sign-in of whoever is signed in at the provider. */
  attempt(): Promise<Outcome>;
  /** The words on the page that a sign-in ends with, where it does not lead back to the client. */
  pageAfter(): Promise<string>;
  /** A sign-in that has to work, up to the tokens. */
  signIn(): Promise<Tokens>;
  /** The status of a call at `/mcp`, and what the challenge says. */
  call(token: string): Promise<{ status: number; challenge: string | null }>;
  /** What is done with a redirect in answer to our requests to the provider. */
  redirects: ReadonlySet<string>;
  /** Everything that was answered to anybody or written to the log, piece by piece. */
  told(): readonly string[];
  /** The accounts that have a grant or a token in storage. */
  accounts(): Promise<string[]>;
}

/** The variables with which the Worker knows a GitHub. */
export const githubVariables = ({ client, webUrl, apiUrl }: FakeGithub): Variables => ({
  MCP_ACCESS_KEY: undefined,
  GITHUB_CLIENT_ID: client.id,
  GITHUB_CLIENT_SECRET: client.secret,
  GITHUB_BASE_URL: webUrl,
  GITHUB_API_BASE_URL: apiUrl,
});

/** The variables with which the Worker knows an OpenID provider. */
export const oidcVariables = ({ client, issuer }: FakeOidc): Variables => ({
  MCP_ACCESS_KEY: undefined,
  OIDC_ISSUER: issuer,
  OIDC_CLIENT_ID: client.id,
  OIDC_CLIENT_SECRET: client.secret,
});

/**
 * Opens a deployment with one identity provider.
 * @param variables of the Worker.
 * @param accounts whose alarms have to go off.
 * @param deployment variables of the objects too.
 */
export async function createTeam(
  provider: Provider,
  variables: Variables,
  accounts: readonly string[] = ["owner"],
  deployment: Variables = {},
): Promise<Team> {
  const redirects = new Set<string>();
  const { fetch: send, ...world } = createSignInWorld({
    variables: { LOG_LEVEL: "debug", ...variables },
    deployment,
    identity: [watched(provider, redirects)],
    accounts,
  });
  const told: string[] = [];
  for (const level of ["debug", "log", "info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation(
      (...line: unknown[]) => void told.push(line.map(String).join(" ")),
    );
  const fetch: World["fetch"] = async (input, init) => {
    const response = await send(input, init);
    told.push(JSON.stringify([...response.headers]));
    // A stream has no end to wait for.
    if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true)
      told.push(await response.clone().text());
    return response;
  };
  const client = await registerClient({ fetch });

  const depart = async (browser = createBrowser({ fetch })): Promise<Journey> => {
    const { url, verifier } = await client.authorizeUrl();
    const handle = await handleOn(await browser.open(url));
    const away = locationOf(await browser.decide({ handle, decision: "approve" }));
    return { browser, verifier, away, state: url.searchParams.get("state") ?? "" };
  };
  const comeBack = ({ away }: Journey) => callbackFrom(provider, away);
  const outcomeOf = async (journey: Journey, answer: Response): Promise<Outcome> => {
    if (answer.status !== 302) {
      const [, page = ""] = /<h1[^>]*>(.*?)<\/h1>/.exec(await answer.text()) ?? [];
      return { page, status: answer.status };
    }
    return outcomeAt(journey, locationOf(answer));
  };
  const outcomeAt = ({ state }: Journey, back: URL): Outcome => {
    expect(`${back.origin}${back.pathname}`).toBe(client.redirectUri);
    // RFC 6749, section 4.1.2, and RFC 9207: an answer to this request, and from us.
    expect([back.searchParams.get("state"), back.searchParams.get("iss")]).toEqual([state, ORIGIN]);
    const code = back.searchParams.get("code");
    const error = back.searchParams.get("error");
    expect([code, error]).toContain(null);
    return code === null ? { error: error ?? "" } : { code };
  };
  const travel = async () => {
    const journey = await depart();
    // The provider could not be asked where to go: the client is told at once.
    if (journey.away.href.startsWith(client.redirectUri))
      return { journey, outcome: outcomeAt(journey, journey.away) };
    const answer = await journey.browser.open(await comeBack(journey));
    return { journey, outcome: await outcomeOf(journey, answer) };
  };

  return {
    world: { ...world, fetch },
    client,
    fetch,
    depart,
    comeBack,
    outcomeOf,
    attempt: async () => (await travel()).outcome,
    async pageAfter() {
      const journey = await depart();
      const answer = await journey.browser.open(await comeBack(journey));
      expect([answer.status, answer.headers.get("location")]).toEqual([403, null]);
      return wordsOf(await answer.text());
    },
    async signIn() {
      const { journey, outcome } = await travel();
      if (!("code" in outcome)) throw new Error(`not signed in: ${JSON.stringify(outcome)}`);
      return readTokens(await client.redeem(outcome.code, journey.verifier));
    },
    async call(token) {
      const response = await callMcp({ fetch }, token);
      return { status: response.status, challenge: response.headers.get("www-authenticate") };
    },
    redirects,
    told: () => told,
    async accounts() {
      const ids = await listDurableObjectIds(env.OAUTH_STORE);
      const accounts = ids.map((id) =>
        runInDurableObject(env.OAUTH_STORE.get(id), (store) =>
          ["grant:", "token:"].flatMap((prefix) => store.list(prefix, 100, "").keys.map(accountIn)),
        ),
      );
      return [...new Set((await Promise.all(accounts)).flat())].sort();
    },
  };
}

/** The provider as our Worker reaches it, which is not how a browser does. */
const watched = ({ handles, unexpected, fetch }: Provider, redirects: Set<string>) => ({
  handles,
  unexpected,
  fetch(input: Request | URL | string, init?: RequestInit) {
    redirects.add(new Request(input, init).redirect);
    return fetch(input, init);
  },
});

/** What is read in the middle of a page of ours. */
const wordsOf = (page: string): string =>
  (/<main[^>]*>(.*)<\/main>/s.exec(page)?.[1] ?? "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

/** Grants and tokens are kept as `grant:<account>:…` and `token:<account>:…`. */
const accountIn = ({ name }: { name: string }): string => name.split(":")[1] ?? "";

/**
 * Ends a team's world. Fails where a request crashed, or where anything that the deployment keeps to itself was
 * answered to somebody, written to the log, or put into an address at the provider.
 */
export async function endTeam({ world, told, redirects }: Team, provider: Provider): Promise<void> {
  const { client, requests } = provider;
  // GitHub's tokens, and signed ones: an id_token holds a person's address.
  const never = ["request_crashed", client.secret, UPSTREAM_TOKEN, ACCESS_KEY, /gho_|eyJ[\w-]+\./];
  const holds = (line: string) =>
    never.some((what) => (typeof what === "string" ? line.includes(what) : what.test(line)));
  try {
    // Followed, a redirect would carry a secret or a token to wherever it points.
    expect([...redirects].filter((mode) => mode !== "manual")).toEqual([]);
    expect([...told(), ...requests.map(({ url }) => url)].filter(holds)).toEqual([]);
  } finally {
    await world.end();
  }
}
