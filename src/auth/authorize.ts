import { type AuthRequest, authorizationErrorRedirect } from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import type { IdentityProvider } from "../config/access.ts";
import { refuseMisplacedMetadata } from "./client-metadata.ts";
import { completeSignIn } from "./complete-sign-in.ts";
import { consentPage } from "./consent-page.ts";
import { beginSignIn } from "./identity-provider.ts";
import { readLimitedText } from "./limited-body.ts";
import { noticeResponse } from "./notice-page.ts";
import { ENDPOINTS } from "./oauth-endpoints.ts";
import { pageResponse } from "./page.ts";
import { checkPassphrase } from "./passphrase.ts";
import { OWNER } from "./props.ts";
import { failureOf } from "./provider-failure.ts";
import { redirectTo } from "./redirect.ts";
import type { SignInBindings, SignInContext } from "./sign-in-context.ts";
import { usingPageOnce } from "./spent-page.ts";
import { readAuthRequest } from "./unknown-client.ts";
import { checkUpstreamKey, looksLikeUpstreamKey, ownerOfUpstreamKey } from "./upstream-key.ts";

type PageContext = Context<{ Bindings: SignInBindings }>;

const FOREIGN_FORM = { title: "Request refused", message: "This form was sent from another site." };
const UNKNOWN_FORM = { title: "Request refused", message: "This was not the form of our page." };

const DENIED = "The request was denied on the page of this server";

/** The handle, the decision and a key of at most 1,024 characters. */
const MAX_FORM_BYTES = 16 * 1024;

/** `GET /authorize` asks, `POST /authorize` takes the answer (RFC 6749, section 4.1; auth-design.md, trap 12). */
export function authorizeRoutes(context: SignInContext) {
  return new Hono<{ Bindings: SignInBindings }>()
    .get(ENDPOINTS.authorize, async (c) => {
      await refuseMisplacedMetadata(new URL(c.req.url).searchParams.get("client_id"), context.origin);
      const request = await readAuthRequest(c.env.OAUTH_PROVIDER, c.req.raw);
      // The library lets confidential clients leave PKCE out; MCP lets nobody.
      if (!hasPkce(request))
        return redirectTo(
          authorizationErrorRedirect(request, "invalid_request", "PKCE with S256 is required"),
        );
      return askForConsent(c, context, request);
    })
    .post(ENDPOINTS.authorize, async (c) => {
      if (isForeign(c, context.origin)) return noticeResponse(403, FOREIGN_FORM);
      const form = await readForm(c.req.raw);
      if (form === undefined) return noticeResponse(400, UNKNOWN_FORM);
      const { OAUTH_PROVIDER: oauth } = c.env;
      if (form.decision !== "approve") {
        const denied = await usingPageOnce(
          oauth.denyConsent(c.req.raw, form.handle, { description: DENIED }),
        );
        return redirectTo(denied.redirectTo, denied.headers);
      }
      // First of all: the handle counts once, and only in the browser that was shown the page.
      const approved = await usingPageOnce(oauth.approveConsent(c.req.raw, form.handle));
      return afterConsent(c, context, approved.request, approved.headers, form.secret.trim());
    });
}

async function afterConsent(
  c: PageContext,
  context: SignInContext,
  request: AuthRequest,
  headers: Headers,
  secret: string,
): Promise<Response> {
  const { access } = context.configuration;
  switch (access.mode) {
    case "personal": {
      const verdict = await checkPassphrase(c, context.configuration, secret, access.accessKey, headers);
      if (verdict === "wrong") {
        context.noteRefusal({ reason: "wrong_key" });
        return askForConsent(c, context, request, { problem: "That is not the access key.", status: 403 });
      }
      if (verdict !== "right") {
        context.noteRefusal({ reason: "too_many_wrong_keys" });
        return lockedOut(verdict.waitSeconds, headers);
      }
      return completeSignIn(c.env.OAUTH_PROVIDER, context, request, headers, OWNER);
    }
    case "passthrough": {
      const problem = await upstreamKeyProblem(context, secret);
      if (problem !== undefined) {
        context.noteRefusal({ reason: problem.status === 503 ? "key_not_checked" : "wrong_key" });
        return askForConsent(c, context, request, problem);
      }
      return completeSignIn(c.env.OAUTH_PROVIDER, context, request, headers, ownerOfUpstreamKey(secret));
    }
    case "team":
    case "acedata":
      return continueAtProvider(c, context, access.provider, request, headers);
  }
}

/** Sends the browser on to the identity provider: only now, after consent (confused deputy). */
async function continueAtProvider(
  c: PageContext,
  { origin, log }: SignInContext,
  provider: IdentityProvider,
  request: AuthRequest,
  headers: Headers,
): Promise<Response> {
  const begun = await beginSignIn(provider).catch((error: unknown) => {
    log("error", "identity_provider_unreachable", { provider: provider.kind, ...failureOf(error) });
    return undefined;
  });
  if (begun === undefined)
    return redirectTo(
      authorizationErrorRedirect(request, "temporarily_unavailable", "The identity provider does not answer"),
      headers,
    );
  const upstream = await c.env.OAUTH_PROVIDER.beginUpstream(request, { data: begun.leg, headers });
  return redirectTo(begun.addressFor(`${origin}${ENDPOINTS.callback}`, upstream.state), upstream.headers);
}

async function askForConsent(
  c: PageContext,
  { configuration }: SignInContext,
  request: AuthRequest,
  again?: { problem: string; status: number },
): Promise<Response> {
  // First: a look-up that fails leaves nothing behind.
  const details = await c.env.OAUTH_PROVIDER.describeConsent(request);
  const { handle, headers } = await c.env.OAUTH_PROVIDER.beginConsent(request);
  const page = consentPage({ details, handle, access: configuration.access, problem: again?.problem });
  return pageResponse(page, { status: again?.status ?? 200, headers });
}

async function upstreamKeyProblem({ configuration, log }: SignInContext, key: string) {
  if (!looksLikeUpstreamKey(key))
    return { problem: "That does not look like an AceDataCloud API key.", status: 400 };
  switch (await checkUpstreamKey(key, configuration, log)) {
    case "accepted":
      return undefined;
    case "refused":
      return { problem: "AceDataCloud does not accept this key.", status: 403 };
    case "unreachable":
      return { problem: "AceDataCloud does not answer at the moment. Try again in a minute.", status: 503 };
  }
}

function lockedOut(waitSeconds: number, headers: Headers): Promise<Response> {
  headers.set("retry-after", String(waitSeconds));
  const minutes = Math.ceil(waitSeconds / 60);
  return noticeResponse(
    429,
    {
      title: "Too many attempts",
      message: `The access key was wrong too often. You can try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`,
      nextStep: "Wait, then start again from your app. Apps that send the key in a header are not affected.",
    },
    headers,
  );
}

/** RFC 7636, section 4.2: an S256 challenge is 43 characters of base64url. */
const hasPkce = ({ codeChallenge, codeChallengeMethod }: AuthRequest): boolean =>
  codeChallengeMethod === "S256" && codeChallenge !== undefined && /^[\w-]{43}$/.test(codeChallenge);

/** The binding cookie already stops forged posts; this says so before anything is read. */
function isForeign(c: PageContext, ourOrigin: string): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined && origin !== ourOrigin) return true;
  return ["cross-site", "same-site"].includes(c.req.header("sec-fetch-site") ?? "");
}

/** @returns undefined for what our page cannot have sent. */
async function readForm(request: Request) {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return undefined;
  const body = await readLimitedText(request, MAX_FORM_BYTES);
  if (body === undefined) return undefined;
  const form = new URLSearchParams(body);
  const field = (name: string) => form.get(name) ?? "";
  return { handle: field("handle"), decision: field("decision"), secret: field("secret").slice(0, 1024) };
}
