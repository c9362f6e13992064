import { Hono } from "hono";
import { version } from "../../package.json";
import type { Bindings } from "../agent/bindings.ts";
import { readSettings, type Settings } from "../agent/settings.ts";
import { createLog } from "../log.ts";
import { serveMcp } from "./mcp-endpoint.ts";
import { isOurHost } from "./origin.ts";

interface Environment {
  Bindings: Bindings;
  Variables: { settings: Settings };
}

/** Every path of the Worker. What is wrong with the deployment is said before anything else, on every path. */
export const app = new Hono<Environment>()
  .use(async (c, next) => {
    const settings = readSettings(c.env);
    if (!settings.ok)
      return c.text(
        `The server is not configured:\n${settings.problems.map((line) => `- ${line}`).join("\n")}\n`,
        503,
      );
    if (!isOurHost(new URL(c.req.url), settings.configuration))
      return c.text("This host is not served here.\n", 421);
    c.set("settings", settings);
    return next();
  })
  .get("/health", (c) => c.json({ status: "ok", name: "veo-mcp", version, mode: "personal" }))
  .get("/", (c) =>
    c.text(
      `Veo MCP ${version}: video generation for any MCP client.\nThe MCP endpoint is ${new URL("/mcp", c.req.url).href}\n`,
    ),
  )
  .all("/mcp", (c) => serveMcp(c.req.raw, c.env, c.get("settings")))
  .notFound((c) => c.json({ error: "not_found" }, 404))
  .onError((error, c) => {
    const incident = crypto.randomUUID();
    createLog("error")("error", "request_crashed", { incident, error: String(error) });
    return c.json({ error: "internal", incident }, 500);
  });
