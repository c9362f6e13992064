import { clientCommands } from "../../src/http/client-setup.ts";

interface Started {
  mcpUrl: string;
  accessKey: string;
  isReal: boolean;
  upstreamUrl: string;
  generationSeconds: number;
}

/** What `npm start` says when the server is there. */
export function welcome({ mcpUrl, accessKey, isReal, upstreamUrl, generationSeconds }: Started): string {
  const upstream = isReal
    ? [
        `Upstream    ${upstreamUrl}: the real API, with the token in .dev.vars.`,
        "            Every video is paid for.",
      ]
    : [
        `Upstream    ${upstreamUrl}, simulated: nothing is paid, a video takes ${generationSeconds} s and is a test picture.`,
        "            For real videos, put ACEDATACLOUD_API_TOKEN=… into .dev.vars and start again.",
      ];
  return [
    "",
    "Veo MCP is running.",
    "",
    `MCP URL     ${mcpUrl}`,
    `Access key  ${accessKey}`,
    ...upstream,
    "",
    "Connect a client; paste one of these into another terminal:",
    ...clientCommands(mcpUrl, accessKey).flatMap(({ client, where, text }) => [
      "",
      `# ${client}${where === undefined ? "" : ` (${where})`}`,
      text,
    ]),
    "",
    "Ctrl-C stops everything. Requests appear below.",
    "",
  ].join("\n");
}
