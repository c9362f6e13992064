import type { ConsentDescription } from "@cloudflare/workers-oauth-provider";
import { html } from "hono/html";
import type { Access } from "../config/access.ts";
import { displayText } from "./display-text.ts";
import { ENDPOINTS } from "./oauth-endpoints.ts";
import type { Html, Page } from "./page.ts";
import { DAY_SECONDS, LIFETIMES } from "./sign-in-limits.ts";

const MAX_NAME_CHARS = 80;
/** A host has at most 253, so that its end, which says whose it is, is always shown. */
const MAX_ADDRESS_CHARS = 300;

/** What the consent page is made of. */
export interface Consent {
  details: ConsentDescription;
  /** Of the consent transaction: it stands for the request, which stays on our side. */
  handle: string;
  access: Access;
  /** Why the page is shown again, such as a wrong access key. */
  problem?: string | undefined;
}

/**
 * Asks whether an app may use this server: who asks, where access goes, and what is granted. Consent comes before
 * any identity provider (confused deputy, MCP security best practices). Logos and links of the client are not
 * shown: whoever registers one chooses them.
 */
export function consentPage({ details, handle, access, problem }: Consent): Page {
  const name = appName(details.clientName);
  const { spends, lasts, question, approve } = termsOf(access, problem !== undefined);
  return {
    title: `Allow ${name}?`,
    body: html`<main class="card">
<h1>Allow “<bdi>${name}</bdi>” to use Veo MCP?</h1>
${publisher(details)}
<h2>If you allow it, the app can</h2>
<ul>
<li>make videos, which spends the credits of <strong>${spends}</strong></li>
<li>see your tasks and their videos</li>
<li>${lasts}</li>
</ul>
<h2>Access is sent to</h2>
${destination(details)}
<form method="post" action="${ENDPOINTS.authorize}">
<input type="hidden" name="handle" value="${handle}">
${problem === undefined ? "" : html`<p class="problem" role="alert" id="problem">${problem}</p>`}
${question}
<button class="primary" type="submit" name="decision" value="approve">${approve}</button>
<button type="submit" name="decision" value="deny" formnovalidate>Deny</button>
</form>
</main>`,
  };
}

/** The domain of a client ID metadata document is proven by TLS; every other name is only claimed. */
const publisher = ({ clientDomain }: ConsentDescription): Html =>
  clientDomain === undefined
    ? html`<p>This app named itself; the name is not verified.</p>`
    : html`<p>Published by <strong>${displayText(clientDomain, MAX_ADDRESS_CHARS)}</strong></p>`;

function destination({ redirectUri, redirectHost, redirectIsLoopback }: ConsentDescription): Html {
  return html`<p class="destination"><strong>${displayText(redirectHost, MAX_ADDRESS_CHARS)}</strong></p>
<small>${displayText(redirectUri, MAX_ADDRESS_CHARS)}</small>
${
  redirectIsLoopback
    ? html`<p class="warning">The app runs on your computer.
Continue only if you have just started this sign-in yourself.</p>`
    : ""
}`;
}

interface Terms {
  /** Whose credits are spent. */
  spends: string;
  lasts: string;
  /** What is asked of the person, or where they are sent next. */
  question: Html;
  /** The words on the button. */
  approve: string;
}

const days = (seconds: number) => `${seconds / DAY_SECONDS} days`;
const SLIDING = `keep this access until it is revoked, or not used for ${days(LIFETIMES.alone.refreshTokenIdleTTL)}`;
const FIXED = `keep this access for ${days(LIFETIMES.team.refreshTokenTTL)}, unless it is revoked sooner`;

function termsOf(access: Access, isAskedAgain: boolean): Terms {
  switch (access.mode) {
    case "personal":
      return {
        spends: "this server’s owner",
        lasts: SLIDING,
        question: accessKeyField(isAskedAgain),
        approve: "Allow",
      };
    case "team":
      return { spends: "your team’s AceDataCloud account", lasts: FIXED, ...signInAt(access.provider) };
    case "passthrough":
      return {
        spends: "your own AceDataCloud account",
        lasts: SLIDING,
        question: upstreamKeyField(isAskedAgain),
        approve: "Allow",
      };
    case "acedata":
      return {
        spends: "your own AceDataCloud account",
        lasts: SLIDING,
        question: nextStop(access.provider.authBaseUrl),
        approve: "Continue with AceDataCloud",
      };
  }
}

type TeamProvider = Extract<Access, { mode: "team" }>["provider"];
function signInAt(provider: TeamProvider): Pick<Terms, "question" | "approve"> {
  switch (provider.kind) {
    case "github":
      return { question: nextStop(provider.baseUrl), approve: "Continue with GitHub" };
    case "oidc":
      return { question: nextStop(provider.issuer), approve: "Continue with single sign-on" };
  }
}

const nextStop = (url: string): Html =>
  html`<p class="quiet">You will sign in at <strong>${new URL(url).host}</strong>, then return to the app.</p>`;

/** The field for the user name is for password managers, which otherwise ask whose password they are to keep. */
const accessKeyField = (
  isAskedAgain: boolean,
): Html => html`<label for="secret">Access key of this server</label>
<input class="visually-hidden" type="text" value="owner" autocomplete="username"
  aria-hidden="true" tabindex="-1" readonly>
${secretInput("current-password", isAskedAgain)}
<small id="hint">The MCP_ACCESS_KEY that its owner has set. The app does not get to see it.</small>`;

const upstreamKeyField = (
  isAskedAgain: boolean,
): Html => html`<label for="secret">Your AceDataCloud API key</label>
${secretInput("off", isAskedAgain)}
<small id="hint">It pays for your videos, and is kept encrypted. The app does not get to see it.</small>`;

/**
 * It takes the focus only when it is to be corrected: at first that would scroll the question out of a small window,
 * and make screen readers pass it over.
 */
const secretInput = (autocomplete: string, isAskedAgain: boolean): Html => html`<input
  type="password" id="secret" name="secret" autocomplete="${autocomplete}"
  spellcheck="false" autocapitalize="none" required maxlength="1024"
  ${isAskedAgain ? html`aria-describedby="problem hint" aria-invalid="true" autofocus` : html`aria-describedby="hint"`}>`;

/** A name as its client gave it, made fit to be shown. */
function appName(claimed: string): string {
  return displayText(claimed, MAX_NAME_CHARS) || "Unnamed app";
}
