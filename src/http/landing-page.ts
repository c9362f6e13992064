import { html } from "hono/html";
import type { Html, Page } from "../auth/page.ts";
import type { Access } from "../config/access.ts";
import type { Configuration } from "../config/configuration.ts";
import { type ClientSetup, headerSetups, isOnThisMachine, signInSetups } from "./client-setup.ts";

interface Landing {
  /** Where clients reach this server, without a path. */
  origin: string;
  configuration: Configuration;
}

/**
 * What this server is, and how each client is connected to it. Of the configuration it shows the mode, the place to
 * sign in, and nothing secret.
 */
export function landingPage({ origin, configuration }: Landing): Page {
  const url = `${origin}/mcp`;
  const { signIn, key, note } = entryOf(configuration.access);
  const signIns = signInSetups(url);
  const keySetups = key === undefined ? [] : headerSetups(url, key.placeholder);
  const clients = new Set([...signIns, ...keySetups].map(({ client }) => client));
  return {
    title: "Video generation for any MCP client",
    body: html`<main class="guide">
<h1>Video generation for any MCP client</h1>
<p class="lead">This server makes videos with Google’s Veo models for Claude,
ChatGPT, Cursor, VS Code and every other client of the Model Context Protocol.</p>
<h2>MCP endpoint</h2>
<pre class="endpoint"><code>${url}</code></pre>
<h2>Connect your client</h2>
<p>${signIn}</p>
${key === undefined ? "" : html`<p>${key.explanation}</p>`}
${note === undefined ? "" : html`<p>${note}</p>`}
${isOnThisMachine(url) ? NOT_FROM_OUTSIDE : ""}
<p class="quiet">A click on a snippet selects all of it.</p>
<div class="clients">
${[...clients].map((client) => {
  const withSignIn = signIns.find((setup) => setup.client === client);
  const withKey = keySetups.find((setup) => setup.client === client);
  return html`<details>
<summary>${client}</summary>
<div class="steps">
${withSignIn === undefined ? "" : setupSteps("Sign in", withSignIn)}
${withKey === undefined ? "" : setupSteps("With the key", withKey)}
</div>
</details>
`;
})}</div>
</main>`,
  };
}

const NOT_FROM_OUTSIDE = html`<p>Hosted apps, such as Claude on the web and ChatGPT, cannot reach this machine:
they need a deployed server.</p>`;

/** The ways in. */
interface Entry {
  signIn: Html;
  /** For clients that can send a header. */
  key?: { placeholder: string; explanation: Html };
  note?: Html;
}

function entryOf(access: Access): Entry {
  switch (access.mode) {
    case "personal":
      return {
        signIn: html`<strong>Sign in:</strong> your client opens a page of this server,
which asks for its access key.`,
        key: {
          placeholder: "YOUR_ACCESS_KEY",
          explanation: html`<strong>With the key:</strong> clients that can send a header
send the access key itself.`,
        },
      };
    case "team":
      return {
        signIn: html`<strong>Sign in:</strong> your client opens a page of this server,
and you sign in ${provider(access.provider)}. Members of the team may come in.`,
        ...(access.serviceKey === undefined
          ? {}
          : {
              note: html`<strong>Programs</strong> such as CI send the service key
instead: <code>Authorization: Bearer YOUR_SERVICE_KEY</code>`,
            }),
      };
    case "passthrough":
      return {
        signIn: html`<strong>Sign in:</strong> your client opens a page of this server,
which asks for your AceDataCloud API key.`,
        key: UPSTREAM_KEY,
      };
    case "acedata":
      return {
        signIn: html`<strong>Sign in:</strong> your client opens a page of this server,
and you sign in at AceDataCloud. Your videos are paid from your own account there.`,
        key: UPSTREAM_KEY,
      };
  }
}

const UPSTREAM_KEY = {
  placeholder: "YOUR_ACEDATACLOUD_KEY",
  explanation: html`<strong>With the key:</strong> clients that can send a header send your
AceDataCloud API key. It pays for your videos.`,
};

type TeamProvider = Extract<Access, { mode: "team" }>["provider"];
const provider = (team: TeamProvider): string =>
  team.kind === "github" ? "with GitHub" : `with single sign-on at ${new URL(team.issuer).host}`;

const setupSteps = (way: string, { where, text }: ClientSetup): Html =>
  html`<p class="quiet"><strong>${way}</strong>${where === undefined ? "" : html` · ${withCode(where)}`}</p>
<pre><code>${text}</code></pre>`;

/** The only Markdown that a setup uses. */
const withCode = (markdown: string): (Html | string)[] =>
  markdown.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));
