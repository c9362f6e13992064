import { type AuthRequest, authorizationErrorRedirect } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { errorName } from "../log.ts";
import { completeSignIn } from "./complete-sign-in.ts";
import { finishSignIn, legSchema } from "./identity-provider.ts";
import { noticeResponse } from "./notice-page.ts";
import { ENDPOINTS } from "./oauth-endpoints.ts";
import type { Refusal } from "./props.ts";
import { redirectTo } from "./redirect.ts";
import type { SignInBindings, SignInContext } from "./sign-in-context.ts";
import { usingPageOnce } from "./spent-page.ts";

/** Said here and not to the client: the person has to read it, and may not be who the client thinks. */
const REFUSED: Record<Refusal, { title: string; message: string; nextStep: string }> = {
  not_allowed: {
    title: "You are not on the list",
    message: "You signed in, but this account is not one of those that may use this server.",
    nextStep: "Ask whoever runs this server to add you, or start again from your app with another account.",
  },
  email_not_verified: {
    title: "Your address is not verified",
    message: "Your identity provider did not say that your e-mail address belongs to you.",
    nextStep:
      "Verify the address there and start again from your app. If it is verified, tell whoever runs this server: the claims `email` and `email_verified` are missing.",
  },
  no_api_key: {
    title: "No API key",
    message: "AceDataCloud has no API key for this account, and did not make one.",
    nextStep: "Make one at platform.acedata.cloud, then start again from your app.",
  },
};

/** `GET /oauth/callback`: where the identity provider sends the browser back to. */
export const callbackRoutes = (context: SignInContext) =>
  new Hono<{ Bindings: SignInBindings }>().get(ENDPOINTS.callback, async (c) => {
    const { access } = context.configuration;
    if (access.mode !== "team" && access.mode !== "acedata") return c.notFound();
    const { search, searchParams } = new URL(c.req.url);
    // Once, and only in a browser with the cookie of this state: nobody's browser can be made to finish another's
    // sign-in. Whoever stole a whole callback could, and gets a code that is worth nothing without the client's PKCE.
    const { request, data, headers } = await usingPageOnce(c.env.OAUTH_PROVIDER.finishUpstream(c.req.raw));
    const providerError = searchParams.get("error");
    if (providerError !== null) {
      const error = errorCode(providerError);
      context.log("info", "sign_in_declined", { provider: access.provider.kind, error });
      const redirect =
        error === "access_denied"
          ? authorizationErrorRedirect(request, error, "Sign-in was declined")
          : providerFailed(request);
      return redirectTo(redirect, headers);
    }
    const callback = new URL(`${ENDPOINTS.callback}${search}`, context.origin);
    const state = searchParams.get("state") ?? "";
    const leg = legSchema.parse(data);
    const outcome = await finishSignIn(access.provider, callback, state, leg).catch((error: unknown) => {
      context.log("error", "sign_in_failed", { provider: access.provider.kind, error: errorName(error) });
      return undefined;
    });
    if (outcome === undefined) return redirectTo(providerFailed(request), headers);
    if (outcome.ok) return completeSignIn(c.env.OAUTH_PROVIDER, context, request, headers, outcome.person);
    context.log("warn", "sign_in_refused", { provider: access.provider.kind, reason: outcome.refusal });
    return noticeResponse(403, REFUSED[outcome.refusal], headers);
  });

/** A code of OAuth's (RFC 6749, section 4.1.2.1). Anybody can write the address, so nothing else of it is logged. */
const errorCode = (text: string): string => (/^[a-z_]{1,40}$/.test(text) ? text : "unreadable");

const providerFailed = (request: AuthRequest): string =>
  authorizationErrorRedirect(request, "temporarily_unavailable", "The identity provider failed");
