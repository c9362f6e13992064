import { z } from "zod";
import { randomText, verifierMatches } from "./encoding.ts";

const CODE_LIFETIME_MS = 10 * 60_000;

/** How a provider knows our Worker. */
export interface Client {
  readonly id: string;
  /** Undefined for a public client. */
  readonly secret: string | undefined;
}

export interface ConfidentialClient extends Client {
  readonly secret: string;
}

export interface AuthorizationOptions {
  readonly clientId?: string;
  /** Where a code may be sent to; anywhere when left out. */
  readonly redirectUris?: readonly string[];
  /** The clock, in Unix milliseconds; `Date.now()`, looked up at each call, when left out. */
  readonly now?: () => number;
}

/** What a person agreed to. */
export interface Grant<Person> {
  readonly person: Person;
  readonly scopes: readonly string[];
  readonly nonce: string | undefined;
}

/** What is wrong with a token request, by the parameter to blame. */
export type Refusal = "request" | "client" | "secret" | "grant_type" | "code" | "redirect_uri" | "verifier";

export type Redemption<Person> =
  | { readonly ok: true; readonly grant: Grant<Person> }
  | { readonly ok: false; readonly refusal: Refusal };

/** The controls that every provider has. */
export interface SignIn<Person, Known extends Client = Client> {
  /** What our Worker has to be configured with. */
  readonly client: Known;
  /** Whoever comes to the authorization endpoint from now on is this person, and agrees. */
  signInAs(person: Person): void;
  /** The next visitor refuses. */
  declineNext(): void;
}

/** The codes of one provider, from the browser's visit to the token request. */
export interface Authorization<Person, Known extends Client> extends SignIn<Person, Known> {
  /** Answers the browser; `extra` goes into every address that it is sent back to. */
  authorize(request: Request, extra?: Readonly<Record<string, string>>): Response;
  redeem(request: Request): Promise<Redemption<Person>>;
}

const targetSchema = z.object({ client_id: z.string(), redirect_uri: z.url() });
/** Stricter than GitHub, which does without most of it: our Worker sends all of it to everybody. */
const authorizeSchema = z.object({
  response_type: z.literal("code"),
  state: z.string().min(1),
  code_challenge: z.string().regex(/^[\w-]{43}$/),
  code_challenge_method: z.literal("S256"),
  scope: z.string().default(""),
  nonce: z.string().min(1).optional(),
});
const tokenSchema = z.object({
  grant_type: z.string(),
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string(),
});

interface IssuedCode<Person> {
  readonly grant: Grant<Person>;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly expiresAtMs: number;
}

/** The authorization-code flow with PKCE, as strict as the strictest provider. */
export function createAuthorization<Person, Known extends Client>(
  options: AuthorizationOptions,
  client: Known,
): Authorization<Person, Known> {
  const { redirectUris, now = () => Date.now() } = options;
  const codes = new Map<string, IssuedCode<Person>>();
  let signedIn: { readonly person: Person } | undefined;
  let declines = 0;

  return {
    client,
    signInAs(person) {
      signedIn = { person };
    },
    declineNext() {
      declines += 1;
    },
    authorize(request, extra = {}) {
      const query = Object.fromEntries(new URL(request.url).searchParams);
      const target = targetSchema.safeParse(query);
      // Never a redirect to an address that is not the client's (RFC 6749, section 4.1.2.1).
      if (!target.success || target.data.client_id !== client.id) return page("unknown client");
      const { redirect_uri: redirectUri } = target.data;
      if (redirectUris?.includes(redirectUri) === false) return page("unknown redirect_uri");
      const asked = authorizeSchema.safeParse(query);
      const state: Record<string, string> = query.state === undefined ? {} : { state: query.state };
      const sendBack = (answer: Record<string, string>) =>
        redirect(redirectUri, { ...answer, ...state, ...extra });
      if (!asked.success) {
        return sendBack({ error: "invalid_request", error_description: z.prettifyError(asked.error) });
      }
      if (declines > 0) {
        declines -= 1;
        return sendBack({
          error: "access_denied",
          error_description: "The user has denied your application access.",
        });
      }
      if (signedIn === undefined) return page("nobody is signed in: call signInAs() first");
      const { scope, nonce, code_challenge: challenge } = asked.data;
      const code = randomText();
      const scopes = scope.split(" ").filter((word) => word !== "");
      const grant = { person: signedIn.person, scopes, nonce };
      codes.set(code, { grant, redirectUri, challenge, expiresAtMs: now() + CODE_LIFETIME_MS });
      return sendBack({ code });
    },
    async redeem(request) {
      const form = await readForm(request);
      if (form === undefined) return refused("request");
      if (form.client_id !== client.id) return refused("client");
      if (form.client_secret !== client.secret) return refused("secret");
      const asked = tokenSchema.safeParse(form);
      if (!asked.success) return refused("request");
      const { grant_type, code, redirect_uri, code_verifier } = asked.data;
      if (grant_type !== "authorization_code") return refused("grant_type");
      const issued = codes.get(code);
      // Used up by the attempt, not by its success: a verifier cannot be guessed at.
      codes.delete(code);
      if (issued === undefined || issued.expiresAtMs <= now()) return refused("code");
      if (issued.redirectUri !== redirect_uri) return refused("redirect_uri");
      if (!(await verifierMatches(code_verifier, issued.challenge))) return refused("verifier");
      return { ok: true, grant: issued.grant };
    },
  };
}

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

function page(text: string): Response {
  return new Response(text, { status: 400, headers: { "content-type": "text/plain" } });
}

function redirect(redirectUri: string, answer: Readonly<Record<string, string>>): Response {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) location.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { location: location.href } });
}

async function readForm(request: Request): Promise<Readonly<Partial<Record<string, string>>> | undefined> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(contentType)) return undefined;
  // Not `text()`: workerd warns that a form is no text.
  const body = new TextDecoder().decode(await request.arrayBuffer());
  return Object.fromEntries(new URLSearchParams(body));
}
