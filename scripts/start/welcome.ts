import { ENDPOINTS } from "../../src/auth/oauth-endpoints.ts";
import { headerSetups, signInSetups } from "../../src/http/client-setup.ts";
import type { Entry } from "./local-variables.ts";

interface Started {
  mcpUrl: string;
  entry: Entry;
  isReal: boolean;
  upstreamUrl: string;
  generationSeconds: number;
}

/** What stands in for the access key where there is none of the deployment's. */
const SIGN_IN: Record<Exclude<Entry["mode"], "personal">, string> = {
  team: "Sign in     with your identity provider; each client opens it by itself.",
  passthrough: "Sign in     with any AceDataCloud key, in a header or on the page that a client opens.",
  acedata:
    "Sign in     at AceDataCloud (the real one, unless ACEDATACLOUD_AUTH_BASE_URL is set), or with any key in a header.",
};

/** What `npm start` says when the server is there. */
export function welcome({ mcpUrl, entry, isReal, upstreamUrl, generationSeconds }: Started): string {
  const upstream = isReal
    ? [`Upstream    ${upstreamUrl}: the real API. Every video is paid for.`]
    : [
        `Upstream    ${upstreamUrl}, simulated: nothing is paid, a video takes ${generationSeconds} s and is a test picture.`,
        entry.mode === "personal" || entry.mode === "team"
          ? "            For real videos, put ACEDATACLOUD_API_TOKEN=… into .dev.vars and start again."
          : "            For real videos, put ACEDATACLOUD_API_BASE_URL=https://api.acedata.cloud into .dev.vars.",
      ];
  const setups = entry.mode === "personal" ? headerSetups(mcpUrl, entry.accessKey) : signInSetups(mcpUrl);
  return [
    "",
    "Veo MCP is running.",
    "",
    `MCP URL     ${mcpUrl}`,
    ...(entry.mode === "personal"
      ? [`Access key  ${entry.accessKey}`, "            Apps that sign in ask for the same key."]
      : [SIGN_IN[entry.mode]]),
    ...(entry.mode === "team" || entry.mode === "acedata"
      ? [`Callback    ${new URL(ENDPOINTS.callback, mcpUrl)}, which the provider has to know.`]
      : []),
    ...upstream,
    "",
    "Connect a client; paste one of these into another terminal:",
    ...setups.flatMap(({ client, where, text }) => [
      "",
      `# ${client}${where === undefined ? "" : ` (${where})`}`,
      text,
    ]),
    "",
    "Ctrl-C stops everything. Requests appear below.",
    "",
  ].join("\n");
}
