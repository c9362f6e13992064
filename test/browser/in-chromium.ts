import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { findChromium } from "./find-chromium.ts";

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Nothing but this machine: whatever a page asks for elsewhere fails, and is a complaint.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];
/** Of one test: none takes a tenth of it, unless something does not come at all. */
const TIMEOUT_MS = 30_000;

const found = findChromium(process.env);

/** Why these tests are left out on this machine; in CI they never are. */
export const LEFT_OUT =
  found.ok || process.env.CI ? undefined : `${found.reason}; set CHROMIUM_PATH or install it`;

export interface Chromium {
  /** A page in a profile of its own, which was nowhere before. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /**
   * What the browser found wrong since the last time this was asked: errors in the console, violations of a policy,
   * and requests that are no navigation, since our pages are whole. A test that leaves any behind fails.
   */
  takeComplaints(): string[];
}

/** Tests in a real browser, one for all of them. Where there is none they are left out, and their title says why. */
export function describeInChromium(title: string, define: (chromium: Chromium) => void): void {
  describe.skipIf(LEFT_OUT !== undefined)(
    LEFT_OUT === undefined ? title : `${title} (left out: ${LEFT_OUT})`,
    { timeout: TIMEOUT_MS },
    () => define(useChromium()),
  );
}

function useChromium(): Chromium {
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    if (!found.ok)
      throw new Error(`${found.reason}, and in CI these tests are not left out: set CHROMIUM_PATH`);
    browser = await chromium.launch({ executablePath: found.path, args: FLAGS });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());

  return {
    async open(options = {}) {
      if (browser === undefined) throw new Error("The browser has not started.");
      const context = await browser.newContext(options);
      contexts.push(context);
      context.setDefaultTimeout(TIMEOUT_MS / 2);
      context.on("weberror", (error) => complaints.push(String(error.error())));
      context.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !isAboutStatus(message.text()))
          complaints.push(message.text().trim());
      });
      context.on("request", (request) => {
        if (!request.isNavigationRequest()) complaints.push(`${request.resourceType()} ${request.url()}`);
      });
      return context.newPage();
    },
    takeComplaints: () => complaints.splice(0),
  };
}

/** Chromium says so of every document that is a refusal. */
const isAboutStatus = (text: string) =>
  /^Failed to load resource: the server responded with a status of 4\d\d /.test(text);
