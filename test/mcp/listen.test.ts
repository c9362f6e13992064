import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ACCESS_KEY, createWorld, type World } from "../world.ts";

describe("subscriptions/listen", () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
  });
  afterEach(() => world.end());

  it("opens a stream in the Worker, promises nothing, and wakes no object", async () => {
    const response = await world.fetch("/mcp", {
      method: "POST",
      headers: {
        authorization: `Bearer ${ACCESS_KEY}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "subscriptions/listen",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "subscriptions/listen",
        params: {
          notifications: { toolsListChanged: true },
          _meta: {
            [PROTOCOL_VERSION_META_KEY]: "2026-07-28",
            [CLIENT_INFO_META_KEY]: { name: "t", version: "1" },
            [CLIENT_CAPABILITIES_META_KEY]: {},
          },
        },
      }),
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain("notifications/subscriptions/acknowledged");
    expect(first).not.toMatch("toolsListChanged");
    await reader?.cancel();
    expect(await listDurableObjectIds(env.VEO_AGENT)).toHaveLength(0);
  });
});
