import { request } from "node:http";
import { describe, expect } from "vitest";
import { z } from "zod";
import { connectV1 } from "./sdk-clients.ts";
import { AUTHORIZATION, SECRETS } from "./server.ts";
import { useServers } from "./use-servers.ts";

const server = useServers({
  "without reshoot": { ...SECRETS, VEO_DISABLED_TOOLS: "veo_reshoot" },
  "with a public URL": { ...SECRETS, PUBLIC_URL: "https://veo.example.com" },
  unconfigured: {},
});

const PING = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });
const JSON_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

function post(url: URL | string, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: PING });
}

describe.concurrent("a deployment", (it) => {
  it("that lacks both secrets answers 503 on every path, with the names of both", async () => {
    for (const path of ["/", "/health", "/mcp", "/agents/veo-agent/owner", "/anything"]) {
      const response = await fetch(new URL(path, server("unconfigured").url), { headers: AUTHORIZATION });
      const body = await response.text();
      expect([path, response.status]).toEqual([path, 503]);
      expect(body).toContain("ACEDATACLOUD_API_TOKEN");
      expect(body).toContain("MCP_ACCESS_KEY");
    }
  });

  it("with another PUBLIC_URL than the request's host answers 421", async () => {
    for (const path of ["/", "/health", "/mcp"]) {
      const response = await fetch(new URL(path, server("with a public URL").url), {
        headers: AUTHORIZATION,
      });
      expect([path, response.status]).toEqual([path, 421]);
    }
  });

  it("with VEO_DISABLED_TOOLS neither lists the tool nor calls it, and nothing is spent", async () => {
    const { mcpUrl, simulator } = server("without reshoot");
    const client = await connectV1(mcpUrl);
    const tools = await client.listTools();
    expect(tools).toContain("veo_extend_video");
    expect(tools).not.toContain("veo_reshoot");
    await expect(
      client.callTool("veo_reshoot", { video_id: "v1", motion_type: "STATIONARY_UP" }),
    ).rejects.toThrow("Unknown tool: veo_reshoot");
    expect(simulator.requestsTo("paid")).toEqual([]);
    await client.close();
  });

  it("refuses a missing and a wrong key with 401 and a challenge that says where to sign in", async () => {
    const { mcpUrl } = server("without reshoot");
    for (const headers of [{}, { authorization: "Bearer access-key-of-someone-else" }]) {
      const response = await post(mcpUrl, headers);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain(
        `resource_metadata="${mcpUrl.origin}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
  });

  it("refuses a page of a foreign origin with 403, also with the right key", async () => {
    const { mcpUrl } = server("without reshoot");
    const response = await post(mcpUrl, { ...AUTHORIZATION, origin: "https://evil.example.com" });
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("refuses the name of another host, as a rebound DNS name sends it, with 421", async () => {
    const { url } = server("without reshoot");
    expect(await statusOf(url, { headers: { host: "evil.example.com" } })).toBe(421);
  });

  it("ends a session on DELETE, and then answers 404 for it", async () => {
    const { mcpUrl } = server("without reshoot");
    const client = await connectV1(mcpUrl);
    const session = { ...AUTHORIZATION, "mcp-session-id": z.string().parse(client.sessionId) };
    expect((await post(mcpUrl, session)).status).toBe(200);
    await client.endSession();
    expect((await post(mcpUrl, session)).status).toBe(404);
    await client.close();
  });

  it("does not let the object's own routes be reached from outside", async () => {
    const { url } = server("without reshoot");
    const paths = [
      "/agents/veo-agent/owner",
      "/agents/VeoAgent/owner",
      "/agents/veo-agent/owner/get-messages",
      "/agents/veo-agent/owner/sub/veo-agent/other",
      "/sub/veo-agent/other",
      "/mcp/sub/veo-agent/other",
    ];
    // What the library that the object is built on reads of a request: no client may decide any of it.
    const routing = { ...AUTHORIZATION, "x-partykit-room": "owner", "x-agents-lifecycle-props": "{}" };
    const handshake = {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (const path of paths) {
      const response = await fetch(new URL(path, url), { headers: routing });
      expect([path, response.status, await response.json()]).toEqual([path, 404, { error: "not_found" }]);
      const upgraded = await statusOf(url, { path, headers: { ...routing, ...handshake } });
      expect([path, upgraded]).toEqual([path, 404]);
    }
  });
});

interface RawRequest {
  path?: string;
  headers?: Record<string, string>;
}

/** `fetch` sets Host by itself, and cannot ask for a WebSocket. @returns the status of a GET. */
function statusOf(url: string, { path = "/health", headers = {} }: RawRequest): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers });
    sent.once("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    sent.once("error", reject);
    sent.end();
  });
}
