import { AuthorizationError, CimdFetchError } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { authorizeRoutes } from "./authorize.ts";
import { callbackRoutes } from "./callback.ts";
import { noticeResponse } from "./notice-page.ts";
import { redirectTo } from "./redirect.ts";
import type { SignInBindings, SignInContext } from "./sign-in-context.ts";
import { SpentPageError } from "./spent-page.ts";

/** The pages of a sign-in. What is wrong with a request is shown here unless the client's address was checked. */
export const signInRoutes = (context: SignInContext) =>
  new Hono<{ Bindings: SignInBindings }>()
    .route("/", authorizeRoutes(context))
    .route("/", callbackRoutes(context))
    .onError((error) => {
      if (error instanceof AuthorizationError)
        return error.redirectTo === undefined
          ? noticeResponse(400, { title: "This sign-in does not work", message: `${error.description}.` })
          : redirectTo(error.redirectTo);
      if (error instanceof CimdFetchError)
        return noticeResponse(400, {
          title: "This app could not be verified",
          message: "The document that describes the app is missing, too large or not valid.",
        });
      if (error instanceof SpentPageError)
        return noticeResponse(400, {
          title: "This page cannot be used any more",
          message: "It was used already, has expired, or was opened in another browser.",
        });
      throw error;
    });
