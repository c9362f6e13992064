import { AuthorizationError, CimdFetchError } from "@cloudflare/workers-oauth-provider";
import { Hono } from "hono";
import { authorizeRoutes } from "./authorize.ts";
import { callbackRoutes } from "./callback.ts";
import { UnreachableDocumentError } from "./client-metadata.ts";
import { type Notice, noticeResponse } from "./notice-page.ts";
import { redirectTo } from "./redirect.ts";
import type { SignInBindings, SignInContext } from "./sign-in-context.ts";
import { CLIENT_TTL_SECONDS, DAY_SECONDS } from "./sign-in-limits.ts";
import { SpentPageError } from "./spent-page.ts";
import { UnknownClientError } from "./unknown-client.ts";

/** Starting again would lead here again: the app goes on using an id that nobody knows. */
const UNKNOWN_CLIENT: Notice = {
  title: "This app is not known here",
  message: `Its registration lapsed, which it does after ${CLIENT_TTL_SECONDS / DAY_SECONDS} days without use, or was made at another server.`,
  nextStep: "Remove this server from the app and add it again: the app then registers anew.",
};

const unreachableDocument = (host: string, status: number | undefined): Notice => ({
  title: "This app cannot be looked up",
  message: `The app is described by a document at ${host}, which this server could not fetch${status === undefined ? "" : ` (HTTP ${status})`}.`,
  nextStep:
    "Start again from your app in a minute. If this server has no connection to the internet, use a key in a header instead of signing in.",
});

/** The pages of a sign-in. What is wrong with a request is shown here unless the client's address was checked. */
export const signInRoutes = (context: SignInContext) =>
  new Hono<{ Bindings: SignInBindings }>()
    .route("/", authorizeRoutes(context))
    .route("/", callbackRoutes(context))
    .onError((error) => {
      if (error instanceof UnknownClientError) return noticeResponse(400, UNKNOWN_CLIENT);
      if (error instanceof AuthorizationError)
        return error.redirectTo === undefined
          ? noticeResponse(400, { title: "This sign-in does not work", message: `${error.description}.` })
          : redirectTo(error.redirectTo);
      if (error instanceof UnreachableDocumentError) {
        const { host, status } = error;
        context.log("warn", "client_document_unreachable", { host, status });
        return noticeResponse(400, unreachableDocument(host, status));
      }
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
