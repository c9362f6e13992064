import { Hono } from "hono";
import { version } from "../../package.json";
import type { Bindings } from "../agent/bindings.ts";

/** Everything beside `/mcp`. */
export const pages = new Hono<{ Bindings: Bindings }>()
  .get("/health", (c) => c.json({ status: "ok", name: "veo-mcp", version, mode: "personal" }))
  .get("/", (c) =>
    c.text(
      `Veo MCP ${version}: video generation for any MCP client.\nThe MCP endpoint is ${new URL("/mcp", c.req.url).href}\n`,
    ),
  )
  .notFound((c) => c.json({ error: "not_found" }, 404))
  // The Worker answers what goes wrong, in one place.
  .onError((error) => {
    throw error;
  });
