import { html } from "hono/html";
import { type Page, pageResponse } from "./page.ts";

/** What is said when a sign-in cannot go on. */
export interface Notice {
  title: string;
  message: string;
  /** What to do now. */
  nextStep?: string | undefined;
}

const START_AGAIN = "Close this window and start again from your app.";

/** A refusal in plain words: an expired page, somebody who is not allowed, too many attempts. */
export const noticePage = ({ title, message, nextStep = START_AGAIN }: Notice): Page => ({
  title,
  body: html`<main class="card">
<h1>${title}</h1>
<p>${message}</p>
<p class="quiet">${nextStep}</p>
</main>`,
});

/** @returns the page as a refusal. */
export const noticeResponse = (status: number, notice: Notice, headers?: Headers): Promise<Response> =>
  pageResponse(noticePage(notice), { status, ...(headers !== undefined && { headers }) });
