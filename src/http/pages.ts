import { Hono } from "hono";
import { version } from "../../package.json";
import { pageResponse } from "../auth/page.ts";
import type { SignInBindings, SignInContext } from "../auth/sign-in-context.ts";
import { signInRoutes } from "../auth/sign-in-routes.ts";
import { landingPage } from "./landing-page.ts";

/** Everything for people, and `/health`. */
export const createPages = (context: SignInContext) =>
  new Hono<{ Bindings: SignInBindings }>()
    .get("/health", (c) =>
      c.json({ status: "ok", name: "veo-mcp", version, mode: context.configuration.access.mode }),
    )
    .get("/", () => pageResponse(landingPage(context)))
    .route("/", signInRoutes(context))
    .notFound(() => notFound())
    // The Worker answers what goes wrong, in one place.
    .onError((error) => {
      throw error;
    });

export const notFound = (): Response => Response.json({ error: "not_found" }, { status: 404 });
