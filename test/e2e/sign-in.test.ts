import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnauthorizedError as UnauthorizedV2 } from "@modelcontextprotocol/client";
import { UnauthorizedError as UnauthorizedV1 } from "@modelcontextprotocol/sdk/client/auth.js";
import { afterAll, describe, expect, it, vi } from "vitest";
import { TOOL_NAMES } from "../../src/tools/registry.ts";
import { App } from "./app.ts";
import { Browser } from "./browser.ts";
import { ACEDATA_KEY, startIdentityProviders } from "./identity-providers.ts";
import { connectInspector } from "./inspector.ts";
import { makeVideo } from "./make-video.ts";
import { connectMcpRemote } from "./mcp-remote.ts";
import { connectV1, connectV2, finishSignInV1, finishSignInV2, type RealClient } from "./sdk-clients.ts";
import { ACCESS_KEY, SECRETS } from "./server.ts";
import { useServers } from "./use-servers.ts";

const providers = await startIdentityProviders();
afterAll(() => providers.stop());

const { ACEDATACLOUD_API_TOKEN } = SECRETS;
const server = useServers({
  personal: SECRETS,
  "team with GitHub": { ACEDATACLOUD_API_TOKEN, ...providers.github },
  "team with OpenID Connect": { ACEDATACLOUD_API_TOKEN, ...providers.oidc },
  // Without SECRET_KEY: nothing but the calls brings the key.
  passthrough: { AUTH_MODE: "passthrough" },
  acedata: { SECRET_KEY: "secret-key-of-the-e2e-tests-0123456789", ...providers.acedata },
});
const OWN_KEY = "upstream-key-of-ada-0123456789";

/** What is typed on the consent page, where it asks for a key, and with which token the upstream is paid and asked. */
const MODES = [
  { mode: "personal", secret: ACCESS_KEY, payer: ACEDATACLOUD_API_TOKEN },
  { mode: "team with GitHub", secret: undefined, payer: ACEDATACLOUD_API_TOKEN },
  { mode: "team with OpenID Connect", secret: undefined, payer: ACEDATACLOUD_API_TOKEN },
  { mode: "passthrough", secret: OWN_KEY, payer: OWN_KEY },
  { mode: "acedata", secret: undefined, payer: ACEDATA_KEY },
] as const;

interface Sdk {
  client: string;
  protocolVersion: string;
  connect(mcpUrl: URL, app: App): Promise<RealClient>;
  finishSignIn(mcpUrl: URL, app: App, callback: URL): Promise<void>;
  /** What it throws when somebody has to sign in. */
  Unauthorized: typeof UnauthorizedV1 | typeof UnauthorizedV2;
  /** Words that no other client's prompt has: those of a mode share one account. */
  words: string;
}

const V1: Sdk = {
  client: "@modelcontextprotocol/sdk 1",
  protocolVersion: "2025-11-25",
  connect: (url, app) => connectV1(url, { app }),
  finishSignIn: finishSignInV1,
  Unauthorized: UnauthorizedV1,
  words: "red fox",
};
const V2_NEGOTIATING: Sdk = {
  client: "@modelcontextprotocol/client 2, negotiating",
  protocolVersion: "2026-07-28",
  connect: (url, app) => connectV2(url, { mode: "auto" }, { app }),
  finishSignIn: finishSignInV2,
  Unauthorized: UnauthorizedV2,
  words: "blue whale",
};
const V2_LEGACY: Sdk = {
  ...V2_NEGOTIATING,
  client: "@modelcontextprotocol/client 2 in its 2025 mode",
  protocolVersion: "2025-11-25",
  connect: (url, app) => connectV2(url, { mode: "legacy" }, { app }),
  words: "green parrot",
};
const SDKS = [V1, V2_LEGACY, V2_NEGOTIATING];

/** From an app that knows only the address of the server to one that is signed in. */
async function signIn(sdk: Sdk, mcpUrl: URL, secret: string | undefined) {
  const app = new App(sdk.client);
  await expect(sdk.connect(mcpUrl, app)).rejects.toBeInstanceOf(sdk.Unauthorized);
  const callback = await new Browser().answer(app.takeRequest(), { decision: "approve", secret });
  await sdk.finishSignIn(mcpUrl, app, callback);
  return { app, client: await sdk.connect(mcpUrl, app) };
}

async function useAndSignOut(sdk: Sdk, { mode, secret, payer }: (typeof MODES)[number]): Promise<void> {
  const { mcpUrl, simulator } = server(mode);
  const { app, client } = await signIn(sdk, mcpUrl, secret);
  expect(client.protocolVersion).toBe(sdk.protocolVersion);
  expect(await client.listTools()).toEqual(TOOL_NAMES);

  const prompt = `A ${sdk.words} in the snow`;
  const { taskId, task } = await makeVideo(client, prompt);
  expect(task.structuredContent).toMatchObject({ state: "succeeded", task_id: taskId });
  expect(simulator.requestsTo("paid").filter(({ body }) => body?.prompt === prompt)).toHaveLength(1);
  const tokens = [...simulator.requestsTo("paid"), ...simulator.requestsTo("tasks")].map(
    ({ token }) => token,
  );
  expect(new Set(tokens)).toEqual(new Set([payer]));

  const { accessToken, refreshToken } = app;
  app.expireAccessToken();
  const found = await client.callTool("veo_list_tasks", { query: sdk.words });
  expect(found.structuredContent.tasks).toMatchObject([{ task_id: taskId, state: "succeeded" }]);
  expect(app.accessToken).not.toBe(accessToken);
  expect(app.refreshToken).not.toBe(refreshToken);

  const authorization = `Bearer ${app.accessToken}`;
  expect((await app.revoke()).status).toBe(200);
  const refused = await fetch(mcpUrl, { method: "POST", headers: { authorization } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
  await expect(client.callTool("veo_list_tasks", {})).rejects.toBeInstanceOf(sdk.Unauthorized);
  expect(app.takeRequest().origin).toBe(mcpUrl.origin);
  await client.close();
}

const warnings = new Set<string>();
vi.spyOn(console, "warn").mockImplementation((...words) => void warnings.add(words.join(" ")));

describe.concurrent("signing in", () => {
  it("at a personal server leads to the same account as the key in a header, and its token is good for the Inspector", async () => {
    const { mcpUrl } = server("personal");
    const { app, client } = await signIn(V2_NEGOTIATING, mcpUrl, ACCESS_KEY);
    const submitted = await client.callTool("veo_text_to_video", { prompt: "A grey heron in the reeds" });
    const withKey = await connectV1(mcpUrl);
    const withToken = await connectInspector(mcpUrl, "modern", {
      authorization: `Bearer ${app.accessToken}`,
    });
    for (const other of [withKey, withToken]) {
      const found = await other.callTool("veo_list_tasks", { query: "grey heron" });
      expect(found.structuredContent.tasks).toMatchObject([{ task_id: submitted.structuredContent.task_id }]);
      await other.close();
    }
    await client.close();
  });

  it("through mcp-remote on a machine without a display asks once for all of its runs, and can be denied", async ({
    onTestFinished,
  }) => {
    const { mcpUrl } = server("personal");
    const directory = await mkdtemp(join(tmpdir(), "veo-mcp-remote-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const pages: string[] = [];
    const visitAnd = (decision: "approve" | "deny") => async (authorizationUrl: URL) => {
      const callback = await new Browser().answer(authorizationUrl, { decision, secret: ACCESS_KEY });
      pages.push(await (await fetch(callback)).text());
    };

    const denied = connectMcpRemote({ mcpUrl, directory, visit: visitAnd("deny") });
    await expect(denied).rejects.toThrow("Authorization failed: access_denied");
    for (const flags of [[], ["--protocol", "auto"]]) {
      const client = await connectMcpRemote({ mcpUrl, directory, flags, visit: visitAnd("approve") });
      expect(await client.listTools()).toEqual(TOOL_NAMES);
      const found = await client.callTool("veo_list_tasks", { query: "words that are in no prompt" });
      expect(found.structuredContent.tasks).toEqual([]);
      await client.close();
    }
    expect(pages).toEqual([
      expect.stringContaining("Authorization failed"),
      expect.stringContaining("Authorization successful"),
    ]);
  });

  it.for(MODES)(
    "with each SDK in $mode ends in a video that the right token pays for, survives an expired token, and ends with its revocation",
    async (mode) => {
      const outcomes = await Promise.allSettled(SDKS.map((sdk) => useAndSignOut(sdk, mode)));
      // All of them together, since a video takes its time; what failed is said of every one.
      const failures = outcomes.flatMap((outcome, index) =>
        outcome.status === "rejected" ? [new Error(SDKS[index]?.client, { cause: outcome.reason })] : [],
      );
      if (failures.length > 0) throw new AggregateError(failures, "not with each SDK");
    },
  );
});

describe("all of that", () => {
  it("makes the SDKs warn of nothing but the grants that were revoked", () => {
    expect([...warnings]).toEqual([expect.stringContaining("Grant not found")]);
  });
});
