import { authorizationErrorRedirect } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { completeSignIn } from "./complete-sign-in.ts";
import { finishSignIn, legSchema } from "./identity-provider.ts";
import { noticeResponse } from "./notice-page.ts";
import { ENDPOINTS } from "./oauth-endpoints.ts";
import { codeIn, failedRedirect, failureOf, type ProviderFailure } from "./provider-failure.ts";
import { redirectTo } from "./redirect.ts";
import { refusalNotice } from "./refusal-page.ts";
import type { SignInBindings, SignInContext } from "./sign-in-context.ts";
import { usingPageOnce } from "./spent-page.ts";

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
    const provider = access.provider.kind;
    const failed = (failure: ProviderFailure): Response => {
      context.log("error", "sign_in_failed", { provider, ...failure });
      return redirectTo(failedRedirect(request, failure), headers);
    };
    if (providerError === "access_denied") {
      context.log("info", "sign_in_declined", { provider });
      return redirectTo(
        authorizationErrorRedirect(request, "access_denied", "Sign-in was declined"),
        headers,
      );
    }
    if (providerError !== null) return failed({ code: codeIn(providerError) });
    const callback = new URL(`${ENDPOINTS.callback}${search}`, context.origin);
    const state = searchParams.get("state") ?? "";
    const leg = legSchema.parse(data);
    const outcome = await finishSignIn(access.provider, callback, state, leg).catch(failureOf);
    if (!("ok" in outcome)) return failed(outcome);
    if (outcome.ok) return completeSignIn(c.env.OAUTH_PROVIDER, context, request, headers, outcome.person);
    context.log("warn", "sign_in_refused", { provider, reason: outcome.refusal.kind });
    return noticeResponse(403, refusalNotice(outcome.refusal), headers);
  });
